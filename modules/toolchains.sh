#!/bin/sh
# Puts what compiled languages lack on this machine into the user's cache: modules/toolchains.sh [--force]
#
#   C and C++        zig's clang, which make guests fetches
#   Rust             the standard library of wasm32-wasip1, for the rustc that is on PATH, by rustup, which checks its hash
#   AssemblyScript   the compiler, by npm, which checks the hashes in lib/npm/package-lock.json; no script of a package runs
#   WAT              wabt's assembler, likewise
#
# Go needs nothing but go. Nothing is installed on the system and no root is needed. What cannot be had (no rustc, no npm, no network) is said and left out:
# wand doctor says of each language what it lacks. Does nothing when all is there. Environment: WAND_CACHE (the cache folder).
set -eu
umask 022
LC_ALL=C
export LC_ALL
unset MAKEFLAGS MFLAGS MAKELEVEL 2>/dev/null || true

MODULES=$(cd "$(dirname "$0")" && pwd)
WAND_STARTED=$(date +%s)
. "$MODULES/lib/common.sh"

force=
case ${1:-} in
--force) force=1 ;;
"") ;;
*) sed -n '2,/^set -eu/{/^set/d;s/^# \{0,1\}//;p;}' "$0"; [ "$1" = -h ] || [ "$1" = --help ] || exit 2; exit 0 ;;
esac

WAND_CACHE=$(cache_dir)
mkdir -p "$WAND_CACHE/toolchain" 2>/dev/null && [ -w "$WAND_CACHE" ] || die "cannot write to $WAND_CACHE: set WAND_CACHE to a folder that can be written"
chmod 700 "$WAND_CACHE"
WAND_CACHE=$(cd "$WAND_CACHE" && pwd)
work=$WAND_CACHE/toolchain/.new.$$
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP

# without says what is left out, and why.
without() { printf 'toolchains: %s\n' "$*" >&2; }

# attempt runs a client with its output in a log, of which the end is shown when it fails: attempt COMMAND...
attempt() {
    "$@" >"$work/log" 2>&1 || {
        tail -n 5 "$work/log" >&2
        return 1
    }
}

# rust lays the standard library into a private sysroot. rustup works on a private home, which knows of the toolchain what its manifest says, so that the user's
# own toolchain stays as it is.
rust() {
    command -v rustc >/dev/null 2>&1 || { without "Rust is left out: there is no rustc (install it with rustup)"; return; }
    RUSTUP_AUTO_INSTALL=0
    export RUSTUP_AUTO_INSTALL
    rust_version=$(cd / && rustc -vV 2>/dev/null) || { without "Rust is left out: rustc -vV fails (with rustup: rustup default stable)"; return; }
    rust_release=$(printf '%s\n' "$rust_version" | sed -n 's/^release: //p')
    rust_host=$(printf '%s\n' "$rust_version" | sed -n 's/^host: //p')
    rust_sysroot=$(cd / && rustc --print sysroot)
    for rust_target in wasm32-wasip1 wasm32-wasi; do
        ls "$rust_sysroot/lib/rustlib/$rust_target/lib"/libstd-*.rlib >/dev/null 2>&1 && return
    done
    rust_home=$WAND_CACHE/toolchain/rust-$rust_release-$rust_host
    [ -z "$force" ] && [ -f "$rust_home/complete" ] && return
    command -v rustup >/dev/null 2>&1 && [ -f "$rust_sysroot/lib/rustlib/multirust-channel-manifest.toml" ] ||
        { without "Rust is left out: rustc $rust_release has no standard library for wasm32-wasip1, and rustup, which could fetch it, did not install it (Debian: apt install libstd-rust-dev-wasm32)"; return; }
    say "toolchains: fetching the standard library of Rust $rust_release for wasm32-wasip1 (20 MB, once)"
    rust_name=$(basename "$rust_sysroot")
    rust_new=$work/rustup/toolchains/$rust_name
    mkdir -p "$rust_new/lib/rustlib"
    for rust_file in components multirust-channel-manifest.toml multirust-config.toml rust-installer-version; do
        cp "$rust_sysroot/lib/rustlib/$rust_file" "$rust_new/lib/rustlib/"
    done
    cp "$rust_sysroot"/lib/rustlib/manifest-* "$rust_new/lib/rustlib/"
    attempt env RUSTUP_HOME="$work/rustup" rustup target add --toolchain "$rust_name" wasm32-wasip1 ||
        { without "Rust is left out: its standard library for wasm32-wasip1 could not be fetched"; return; }
    rm -f "$rust_new/lib/rustlib/components" "$rust_new"/lib/rustlib/m* "$rust_new/lib/rustlib/rust-installer-version"
    printf '%s\n' "$rust_version" >"$rust_new/complete"
    publish "$rust_new" "$rust_home"
}

# packages installs what the lock file names.
packages() {
    packages_home=$WAND_CACHE/toolchain/npm-$(sha256 "$MODULES/lib/npm/package-lock.json" | cut -c1-12)
    [ -z "$force" ] && [ -f "$packages_home/complete" ] && return
    for packages_tool in node npm; do
        command -v $packages_tool >/dev/null 2>&1 || { without "AssemblyScript and WAT are left out: there is no $packages_tool (install Node.js 20 or newer)"; return; }
    done
    say "toolchains: fetching AssemblyScript and wabt (30 MB, once)"
    mkdir -p "$work/npm"
    cp "$MODULES/lib/npm/package.json" "$MODULES/lib/npm/package-lock.json" "$work/npm/"
    (cd "$work/npm" && attempt npm ci --ignore-scripts --no-audit --no-fund --no-progress) ||
        { without "AssemblyScript and WAT are left out: their packages could not be fetched"; return; }
    : >"$work/npm/complete"
    publish "$work/npm" "$packages_home"
}

mkdir -p "$work"
rust
packages
