#!/bin/sh
# cython.sh FOLDER ARGUMENT... is Cython as meson calls it. What it writes names its source by the whole path, which tracebacks would show and which differs from build to
# build; here the path begins below FOLDER, which the packages' sources are in.
folder=$1
shift
python3 -m cython "$@" || exit
out= previous=
for word; do
    [ "$previous" != -o ] || out=$word
    previous=$word
done
[ -n "$out" ] || exit 0
sed "s,$folder/,,g" "$out" >"$out.new" && mv "$out.new" "$out"
