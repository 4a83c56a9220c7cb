# env: LANGUAGE_TAG=de-AT
# stdout: de-AT /work
# stdout: /work /work/data.csv
import os

print(os.environ["LANGUAGE_TAG"], os.environ.get("HOME"))

from pathlib import Path

print(Path.home(), Path("~/data.csv").expanduser())
