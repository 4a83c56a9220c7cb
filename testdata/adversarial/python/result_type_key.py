# attack: dicts that imitate the tags of typed values
# expect: completed
# result: {"$type":"map","items":[["$type","bytes"],["value","not base64!"]]}
{"$type": "bytes", "value": "not base64!"}
