# The C toolchain of the guest recipes; see TOOLCHAIN.md for why it is zig. Sourced by build.sh.
#
# toolchain puts the ziglang wheel (clang, lld, wasi-libc, and what a native program needs) into the cache and sets
#   CC CXX            compile for this machine
#   WASM_CC WASM_CXX  compile for wasm32-wasi; when they link, they make a reactor. The linker puts the C stack first by itself
#                     (--stack-first, which it would refuse as an option). Give the stack's size: -Wl,-z,stack-size=BYTES
#   WASM_COMMAND_CC   the same, but links a command: for configure scripts, whose link tests need a main that is called
#   AR RANLIB
# Each is the path of a small script without spaces, fit for CC=... of any configure script.
# Exported functions and imports: the WAND_EXPORT and WAND_IMPORT of include/wand.h. There are no threads, no exceptions and no
# setjmp; the emulations of wasi-libc are there (-D_WASI_EMULATED_SIGNAL -lwasi-emulated-signal, and so on).

toolchain() {
    toolchain_id=zig-$(sha256 "$MODULES/lib/toolchain.txt" | cut -c1-12)
    ZIG_HOME=$WAND_CACHE/toolchain/$toolchain_id
    if [ -n "${WAND_ZIG:-}" ]; then
        [ "$("$WAND_ZIG" version 2>/dev/null)" = 0.15.2 ] || die "WAND_ZIG=$WAND_ZIG is not zig 0.15.2"
        toolchain_zig=$WAND_ZIG
    else
        [ -x "$ZIG_HOME/ziglang/zig" ] || toolchain_fetch
        toolchain_zig=$ZIG_HOME/ziglang/zig
    fi
    # zig keeps what it compiles of libc here, and nothing of ours: the scripts below bypass it for single files.
    ZIG_GLOBAL_CACHE_DIR=$WAND_CACHE/toolchain/zig-cache
    ZIG_LOCAL_CACHE_DIR=$WORK/zig-cache
    export ZIG_GLOBAL_CACHE_DIR ZIG_LOCAL_CACHE_DIR

    toolchain_bin=$WORK/toolchain
    mkdir -p "$toolchain_bin"
    # zig's own default is to trap on undefined behaviour, which the interpreters' sources are not written for. It also compiles
    # for the very CPU of the machine (-mcpu): a fixed baseline keeps what is built the same everywhere.
    toolchain_script cc "cc -fno-sanitize=undefined"
    toolchain_script cxx "c++ -fno-sanitize=undefined"
    toolchain_wasm="-target wasm32-wasi -mcpu=generic+bulk_memory+sign_ext+nontrapping_fptoint+mutable_globals -fno-sanitize=undefined"
    toolchain_script wasm-command-cc "cc $toolchain_wasm"
    toolchain_script wasm-cc "cc $toolchain_wasm -mexec-model=reactor"
    toolchain_script wasm-cxx "c++ $toolchain_wasm -mexec-model=reactor -fno-exceptions"
    toolchain_script ar ar
    toolchain_script ranlib ranlib
    CC=$toolchain_bin/cc CXX=$toolchain_bin/cxx WASM_CC=$toolchain_bin/wasm-cc WASM_CXX=$toolchain_bin/wasm-cxx
    WASM_COMMAND_CC=$toolchain_bin/wasm-command-cc
    AR=$toolchain_bin/ar RANLIB=$toolchain_bin/ranlib
}

# toolchain_component records what the linker takes from the toolchain itself: wasi-libc, with the musl and emmalloc in it. The sum is over
# its sources, which are the same for every machine's wheel.
toolchain_component() {
    toolchain_libc=$("$toolchain_zig" env | sed -n 's/^[ .]*"*lib_dir"*[ :=]*"\(.*\)".*/\1/p')/libc
    SOURCE_VERSION=zig-$("$toolchain_zig" version)
    SOURCE_SHA256=$(cd "$toolchain_libc/wasi" && find . -type f | LC_ALL=C sort | while read -r toolchain_file; do sha256 "$toolchain_file"; done | sha256)
    cat "$toolchain_libc/wasi/LICENSE" "$toolchain_libc/wasi/LICENSE-MIT" "$toolchain_libc/wasi/LICENSE-APACHE-LLVM" "$toolchain_libc/musl/COPYRIGHT" \
        >"$WORK/wasi-libc-licence"
    component wasi-libc "MIT OR Apache-2.0 WITH LLVM-exception" "$WORK/wasi-libc-licence"
}

toolchain_script() {
    printf '#!/bin/sh\nexec "%s" %s "$@"\n' "$toolchain_zig" "$2" >"$toolchain_bin/$1"
    chmod +x "$toolchain_bin/$1"
}

# toolchain_fetch downloads the wheel, checked against the hashes in toolchain.txt, and unpacks it into the cache.
toolchain_fetch() {
    need python3 "install Python 3.8 or newer with pip (Debian: apt install python3-pip), or set WAND_ZIG to a zig 0.15.2"
    python3 -m pip --version >/dev/null 2>&1 ||
        die "python3 has no pip, which downloads the C toolchain: install it (Debian: apt install python3-pip), or set WAND_ZIG to a zig 0.15.2"
    say "toolchain: downloading ziglang 0.15.2 (90 MB, once)"
    toolchain_tmp=$WAND_CACHE/toolchain/.new.$$
    rm -rf "$toolchain_tmp"
    mkdir -p "$toolchain_tmp/wheel"
    quietly toolchain python3 -m pip download --quiet --disable-pip-version-check --no-cache-dir --no-deps --only-binary=:all: \
        --require-hashes -r "$MODULES/lib/toolchain.txt" -d "$toolchain_tmp/wheel"
    python3 -m zipfile -e "$toolchain_tmp"/wheel/*.whl "$toolchain_tmp"
    rm -rf "$toolchain_tmp/wheel"
    chmod +x "$toolchain_tmp/ziglang/zig"
    publish "$toolchain_tmp" "$ZIG_HOME"
    say "toolchain: ready"
}
