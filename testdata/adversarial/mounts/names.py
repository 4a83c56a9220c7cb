# attack: reach a forbidden file by another spelling of its name
# expect: completed
# result: []
import os, unicodedata
found = []
names = ["key", "KEY", "Key", "key.", "key ", "key/", "key/.", "./key", "key\0", "key\0.txt", "key::$DATA", "key:stream", "KEY~1", "\u212aey", "ke\u0443", "k\u0065\u0301y",
         "key\\", "\\key", "..\\private\\key", "\uff4bey", "key\u200b", "\u200dkey", "key%00", "%6bey", "key\r", "key\n", "key" + "\u0301" * 100, "k" * 255, "k" * 256, "k" * 5000, "\udcff"]
folders = ["/data/private/", "/data/PRIVATE/", "/data/Private/", "/data/private./", "/data//private//", "/data/./private/", "/data/sub/../private/", "/data/priv\u0131te/", "/data/PRIVAT~1/"]
for folder in folders:
    for name in names:
        for path in (folder + name, os.path.normpath(folder + name) if "\0" not in name else folder, unicodedata.normalize("NFKC", folder + name)):
            for what in (lambda: open(path, "rb").read(), lambda: os.stat(path), lambda: os.listdir(path)):
                try:
                    got = what()
                except (OSError, ValueError):
                    continue
                found.append([path, str(got)])
found
