# env: LANGUAGE_TAG=de-AT
# stdout: de-AT None
import os

print(os.environ["LANGUAGE_TAG"], os.environ.get("HOME"))
