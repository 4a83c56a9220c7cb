# stdout: 'héllo\nwörld\n' utf-8 ['héllo', 'wörld'] 14 b'h\xc3'
# stdout: b'\x00\xff\xfe'
import requests

r = requests.get(INPUT + "/text", stream=True)
print(repr(r.text), r.encoding, list(r.iter_lines(decode_unicode=True)), sum(map(len, r.iter_content(5))), r.raw.read(2))
print(requests.get(INPUT + "/binary").content)
