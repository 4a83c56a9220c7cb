# attack: use a folder while the host exchanges it with a link to a folder outside
# expect: completed
# swap: /data/shift /out/shift
# result: []
import os
found = []
for i in range(400):
    for mount in ("/data", "/out"):
        try:
            with open(mount + "/shift/secret") as f:
                text = f.read()
            found.append(text)
        except OSError:
            pass
    for do in (lambda: open("/out/shift/secret", "a").write("overwritten"), lambda: open("/out/shift/new", "w").write("made"), lambda: os.mkdir("/out/shift/folder"),
               lambda: os.unlink("/out/shift/new"), lambda: os.rename("/out/shift/secret", "/out/stolen"), lambda: os.rename("/out/stolen", "/out/shift/secret"), lambda: os.rmdir("/out/shift/folder")):
        try:
            do()
        except OSError:
            pass
    try:
        found.append(open("/out/stolen").read())
    except OSError:
        pass
    if i % 100 == 0:
        try:
            with open("/out/shift/secret", "w") as f:
                f.write("inside")
        except OSError:
            pass
[text for text in found if "outside-" in text]
