# attack: get at what a rule forbids by moving the folder above it, through relative paths, links and the tool
# expect: completed
# result: []
import os, shutil
from tools import fs
found = []
def attempt(name, do):
    try:
        found.append([name, repr(do())[:100]])
    except Exception as e:
        if "outside-" in str(e) or "/tmp/" in str(e):
            found.append([name, str(e)])
attempt("open", lambda: open("/out/private/key").read())
attempt("stat", lambda: os.stat("/out/private/key"))
attempt("is it there", lambda: os.stat("/out/private/none/../../old"))
attempt("rename the file", lambda: os.rename("/out/private/key", "/out/key"))
attempt("rename the folder", lambda: os.rename("/out/private", "/out/public"))
attempt("move", lambda: shutil.move("/out/private", "/work/private"))
attempt("copy", lambda: shutil.copytree("/out/private", "/work/private"))
attempt("chdir", lambda: (os.chdir("/out/private"), open("key").read()))
attempt("relative", lambda: (os.chdir("/out/sub"), open("../private/key").read()))
attempt("descriptor", lambda: os.open("key", os.O_RDONLY, dir_fd=os.open("/out/private", os.O_RDONLY)))
attempt("owner's link", lambda: open("/out/tokey").read())
attempt("tool", lambda: fs.read(path="/out/private/key"))
attempt("tool, relative", lambda: fs.read(path="../out/private/key"))
attempt("tool, link", lambda: fs.read(path="/out/tokey"))
attempt("tool, list", lambda: fs.list(path="/out/private"))
attempt("tool, rename", lambda: fs.rename("/out/private", "/out/public"))
attempt("tool, write", lambda: fs.write("/data/a.csv", "x"))
attempt("tool, outside", lambda: fs.read("/data/../../outside/secret"))
attempt("tool, remove", lambda: fs.remove("/out/private", recursive=True))
found
