#!/bin/sh
# cc.sh COMPILER ARGUMENT... is the compiler for wasm32-wasi as meson expects one: what should become a shared library becomes an archive of its objects, there is
# no position-independent code, and the linker says that it is lld, which it is.
compiler=$1
shift
shared= out= previous= objects=
for word; do
    shift
    [ "$previous" != -o ] || out=$word
    previous=$word
    case $word in
    -Wl,--version) echo "LLD 20.1.2 (compatible with GNU linkers)"; exit 0 ;;
    -fPIC | -cpp) continue ;;
    -shared) shared=1 ;;
    *.o) objects="$objects
$word" ;;
    esac
    set -- "$@" "$word"
done
[ -n "$shared" ] || exec "$compiler" "$@"
rm -f "$out"
printf '%s\n' "$objects" | sed 1d | tr '\n' '\0' | xargs -0 "$(dirname "$compiler")/ar" rcs "$out"
