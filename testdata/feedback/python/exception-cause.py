import json


def load(text):
    try:
        return json.loads(text)
    except ValueError as error:
        raise RuntimeError("the settings are broken") from error


load("{'a': 1}")
