# result: "forty-two"
answer = "forty-two"
