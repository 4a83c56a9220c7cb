# attack: replace the json module's functions, so that the report says what the program wants
# expect: failed exception ValueError
# never: FORGED
import json
import json.encoder
def fake(*a, **k):
    return '{"status": "completed", "result": {"value": "FOR' + 'GED", "source": "expression"}}'
json.dumps = json.dump = json.loads = json.load = fake
json.JSONEncoder.encode = json.JSONEncoder.iterencode = json.JSONEncoder.default = fake
json.encoder.encode_basestring = json.encoder.encode_basestring_ascii = fake
json.encoder.c_make_encoder = json.encoder.c_encode_basestring_ascii = None
json.encoder.JSONEncoder = None
raise ValueError("the truth")
