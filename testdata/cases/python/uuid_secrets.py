# stdout: True 4 16
import secrets
import uuid

a, b = uuid.uuid4(), uuid.uuid4()
print(a != b, a.version, len(secrets.token_bytes(16)))
