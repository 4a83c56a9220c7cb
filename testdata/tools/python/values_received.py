# stdout: [('big', 123456789012345678901), ('broken', {'$type': 'bytes', 'value': 3}), ('bytes', b'\x00\x01\xff'), ('when', datetime.datetime(2024, 5, 6, 7, 8, 9, tzinfo=datetime.timezone.utc))]
import tools

print(sorted(tools.tagged().items()))
