"""Writes what the programs here print under native numpy and pandas: NAME.golden for each NAME.py, a txtar archive with a file for each program.

    python3.13 -m venv native && native/bin/pip install numpy==2.2.6 pandas==2.3.3
    native/bin/python testdata/science/golden.py
"""

import contextlib
import io
import os
import pathlib
import re
import sys
import tempfile
import warnings

import numpy
import pandas

here = pathlib.Path(__file__).resolve().parent
wanted = dict(re.findall(r"(\w+)==([\d.]+)", __doc__))
if (numpy.__version__, pandas.__version__) != (wanted["numpy"], wanted["pandas"]) or sys.version_info[:2] != (3, 13):
    sys.exit(f"this is Python {sys.version.split()[0]} with numpy {numpy.__version__} and pandas {pandas.__version__}; wanted: 3.13, {wanted}")
setup = (here / "setup.py").read_text()
frames = (here / "setup_pandas.py").read_text()
warnings.simplefilter("error")  # a program that warns would print another place here than there
count = 0
for file in sorted(here.glob("*.py")):
    if file.name in ("setup.py", "setup_pandas.py", "golden.py"):
        continue
    golden = ""
    for cell in file.read_text().split("#%% ")[1:]:
        name, _, text = cell.partition("\n")
        out = io.StringIO()
        with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(out):
            os.chdir(folder)
            try:
                exec(compile(setup + (frames if re.search(r"\b(pd|sales|people)\b", text) else "") + text, f"{file.name} {name}", "exec"), {"__name__": "__main__"})
            except BaseException as e:
                sys.exit(f"{file.name}, {name}: {type(e).__name__}: {e}")
            os.chdir(here)
        golden += f"-- {name} --\n{out.getvalue()}"
        if not golden.endswith("\n"):
            golden += "\n"
        count += 1
    file.with_suffix(".golden").write_text(golden)
print(f"{count} programs")
