# attack: make the host take apart a response that is small as text and large as a structure
# expect: exhausted output | failed exception
# because: a guest that keeps its voice to itself never says it; the host stops listening where it does
# limits: fuel=4G
import json
import sys
def fake(*a, **k):
    return '{"status":"failed","error":{"kind":"exception","type":"Fake","message":"m","frames":[' + "{}," * 8_000_000 + "{}]}}"
json.dumps = json.JSONEncoder.encode = fake
raise ValueError("the truth")
