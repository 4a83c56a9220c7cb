# attack: entities that expand to a billion characters
# expect: failed exception ParseError | exhausted memory | failed exception ImportError
# because: expat limits the amplification itself where it is recent enough; a guest without expat has no parser at all
# limits: fuel=4G
import xml.etree.ElementTree as tree
lines = ['<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a0 "lol">']
for i in range(1, 12):
    lines.append(f'<!ENTITY a{i} "' + f"&a{i - 1};" * 10 + '">')
tree.fromstring("".join(lines) + "]><l>&a11;</l>")
