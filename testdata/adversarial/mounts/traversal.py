# attack: climb out of a mount with dots, slashes, encodings and absolute paths
# expect: completed
# result: []
import os
found = []
up = "../" * 30
for mount in ("/data", "/out", "/logs", "/one.txt"):
    for rest in ("../outside/secret", up + "etc/passwd", "/etc/passwd", "..//..//outside/secret", "./.././../outside/secret", "sub/../../outside/secret",
                 "%2e%2e/outside/secret", "..\\outside\\secret", "..;/outside/secret", ".../outside/secret", "．．/outside/secret", "..\u2215outside",
                 "\u202e../outside/secret", "", ".", "/", "../one.txt/../outside/secret", "sub/deep/../../../outside/secret"):
        path = mount + "/" + rest
        try:
            with open(path, "rb") as f:
                found.append([path, len(f.read())])
        except (OSError, ValueError):
            pass
        try:
            if "secret" in os.listdir(path):
                found.append(path)
        except (OSError, ValueError):
            pass
found
