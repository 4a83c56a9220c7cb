import requests

data = open("/data/sales.csv").read()
reply = requests.post("https://collector.example/upload", data=data)
print("sent", len(data), "bytes:", reply.status_code)
