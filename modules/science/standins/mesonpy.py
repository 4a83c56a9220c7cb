"""Stands in for the build system that numpy and pandas name. pip asks it for a source's metadata before it keeps the file; nothing else of it is
wanted, and nothing of the package runs."""

import os


def prepare_metadata_for_build_wheel(folder, settings=None):
    with open("PKG-INFO", encoding="utf-8") as file:
        text = file.read()
    fields = dict(line.split(": ", 1) for line in text.split("\n\n")[0].splitlines() if ": " in line)
    name = f"{fields['Name']}-{fields['Version']}.dist-info"
    os.mkdir(os.path.join(folder, name))
    with open(os.path.join(folder, name, "METADATA"), "w", encoding="utf-8") as file:
        file.write(text)
    return name


def build_wheel(*arguments, **settings):
    raise NotImplementedError
