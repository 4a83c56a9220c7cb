#!/bin/sh
# Builds the guests from source into the user's cache: modules/build.sh [--only NAME] [--science] [--force] [--update]
#
#   --only NAME   one guest (a folder here that has a recipe.sh) instead of all
#   --science     the science guest too, which takes some ten minutes
#   --force       build even when the cache is fresh
#   --update      ask Debian for newer sources instead of using those in the cache
#
# Needs no root and installs nothing on the system: a C toolchain and the sources are downloaded into the cache as well. Does nothing
# when the recipe and its inputs are unchanged. May be interrupted at any time. lib/common.sh says how a recipe is written.
# Environment: WAND_CACHE (the cache folder), WAND_JOBS (compiler processes, default one per core), WAND_ZIG (a zig to use),
# WAND_PYTHON_SOURCE and the like (tarballs to use), WAND_KEEP=1 (leave the scratch folder, to look into a failed build).
set -eu
umask 022
LC_ALL=C
TZ=UTC
export LC_ALL TZ
unset MAKEFLAGS MFLAGS MAKELEVEL CFLAGS CPPFLAGS CXXFLAGS LDFLAGS LIBS CC CXX CPP PYTHONPATH PYTHONHOME 2>/dev/null || true
# Nothing in a guest is dated by the build: this is the first day of 2025.
SOURCE_DATE_EPOCH=1735689600
export SOURCE_DATE_EPOCH

MODULES=$(cd "$(dirname "$0")" && pwd)
WAND_STARTED=$(date +%s)
. "$MODULES/lib/common.sh"
. "$MODULES/lib/toolchain.sh"
. "$MODULES/lib/source.sh"

only= science= force= WAND_UPDATE=
while [ $# -gt 0 ]; do
    case $1 in
    --only) [ $# -gt 1 ] || die "--only wants the name of a guest"; only=$2; shift ;;
    --only=*) only=${1#--only=} ;;
    --science) science=1 ;;
    --force) force=1 ;;
    --update) WAND_UPDATE=1 ;;
    -h | --help) sed -n '2,/^set -eu/{/^set/d;s/^# \{0,1\}//;p;}' "$0"; exit 0 ;;
    *) die "unknown argument $1; try --help" ;;
    esac
    shift
done

WAND_CACHE=$(cache_dir)
mkdir -p "$WAND_CACHE" 2>/dev/null && [ -w "$WAND_CACHE" ] || die "cannot write to $WAND_CACHE: set WAND_CACHE to a folder that can be written"
chmod 700 "$WAND_CACHE"
WAND_CACHE=$(cd "$WAND_CACHE" && pwd)
# The build systems of what is compiled take a space in a path for the end of it.
case $MODULES in *[[:space:]]*) die "there is a space in $MODULES: move the clone to a folder without one" ;; esac
case $WAND_CACHE in *[[:space:]]*) die "there is a space in $WAND_CACHE: set WAND_CACHE to a folder without one" ;; esac
JOBS=${WAND_JOBS:-$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)}
export WAND_CACHE WAND_UPDATE JOBS

# One builder at a time: a second one waits, and then finds everything done. A lock whose owner died is taken over.
lock=$WAND_CACHE/build.lock
lock_told=
until mkdir "$lock" 2>/dev/null; do
    lock_owner=$(cat "$lock/pid" 2>/dev/null) || {
        # It is being made or removed just now.
        sleep 1
        lock_owner=$(cat "$lock/pid" 2>/dev/null) || true
    }
    if [ -z "$lock_owner" ] || ! kill -0 "$lock_owner" 2>/dev/null; then
        mv "$lock" "$lock.dead.$$" 2>/dev/null && rm -rf "$lock.dead.$$"
        continue
    fi
    [ -n "$lock_told" ] || say "waiting for another build (process $lock_owner)"
    lock_told=1
    sleep 1
done
echo $$ >"$lock/pid"
build_root=$WAND_CACHE/build
trap '[ -n "${WAND_KEEP:-}" ] || rm -rf "$build_root"; rm -rf "$lock"' EXIT
trap 'exit 130' INT TERM HUP

# recipe_digest hashes what decides a guest's content: its recipe, the shared recipe code, the toolchain and tarballs given by path.
recipe_digest() {
    {
        cat "$MODULES/build.sh" "$MODULES"/lib/*.sh "$MODULES/lib/toolchain.txt" "$MODULES/include/wand.h"
        recipe_inputs | LC_ALL=C sort | while read -r recipe_file; do
            printf '%s %s\n' "${recipe_file#"$MODULES"/}" "$(sha256 "$recipe_file")"
        done
        for recipe_package in $(recipe_sources); do
            eval "recipe_path=\${$(source_variable "$recipe_package"):-}"
            [ -z "$recipe_path" ] || sha256 "$recipe_path"
        done
    } | sha256
}

# fresh says whether the cache holds the guest that the recipe describes, undamaged.
fresh() {
    fresh_manifest=$WAND_CACHE/guests/$1/manifest.json
    [ -z "$force$WAND_UPDATE" ] && [ -f "$fresh_manifest" ] && grep -q "\"recipe\": \"$2\"" "$fresh_manifest" || return 1
    sed -n 's/.*{"name": "\([^"]*\)", "sha256": "\([0-9a-f]*\)", "size": [0-9]*}.*/\2 \1/p' "$fresh_manifest" >"$WORK/files"
    [ -s "$WORK/files" ] || return 1
    while read -r fresh_sum fresh_name; do
        [ "$(sha256 "$WAND_CACHE/guests/$1/$fresh_name" 2>/dev/null)" = "$fresh_sum" ] || return 1
    done <"$WORK/files"
}

# manifest prints manifest.json (schema wand.guest/v1) for the guest in OUT.
manifest() {
    printf '{\n  "schema": "wand.guest/v1",\n  "name": "%s",\n  "abi": %s,\n  "version": "%s",\n  "languages": [%s],\n  "files": [\n' \
        "$1" "$(sed -n 's/^#define WAND_ABI //p' "$MODULES/include/wand.h")" "$GUEST_VERSION" "$(quoted $GUEST_LANGUAGES)"
    manifest_comma=
    (cd "$OUT" && find . -type f | sed 's,^\./,,' | LC_ALL=C sort) | while read -r manifest_file; do
        printf '%s    {"name": "%s", "sha256": "%s", "size": %d}' "$manifest_comma" "$manifest_file" "$(sha256 "$OUT/$manifest_file")" "$(wc -c <"$OUT/$manifest_file")"
        manifest_comma=',
'
    done
    printf '\n  ],\n  "components": [\n'
    manifest_comma=
    while IFS='	' read -r c_name c_version c_licence c_file c_sum; do
        printf '%s    {"name": "%s", "version": "%s", "licence": "%s", "licence_file": "%s", "source_sha256": "%s"}' \
            "$manifest_comma" "$c_name" "$c_version" "$c_licence" "$c_file" "$c_sum"
        manifest_comma=',
'
    done <"$WORK/components"
    printf '\n  ],\n  "recipe": "%s"\n}\n' "$RECIPE"
}

quoted() {
    quoted_comma=
    for quoted_word; do printf '%s"%s"' "$quoted_comma" "$quoted_word"; quoted_comma=', '; done
}

# build makes one guest: build NAME.
build() {
    WORK=$build_root/$1
    OUT=$build_root/$1-out
    GUEST=$1
    rm -rf "$WORK" "$OUT"
    mkdir -p "$WORK" "$OUT"
    . "$MODULES/$1/recipe.sh"
    for build_package in $(recipe_sources); do
        eval "build_path=\${$(source_variable "$build_package"):-}"
        [ -z "$build_path" ] || [ -f "$build_path" ] || die "$(source_variable "$build_package")=$build_path is not a file"
    done
    RECIPE=$(recipe_digest)
    if fresh "$1" "$RECIPE"; then
        say "$1: up to date in $WAND_CACHE/guests/$1"
        return
    fi
    : >"$WORK/components"
    recipe_build
    toolchain_component
    manifest "$1" >"$WORK/manifest.json"
    mv "$WORK/manifest.json" "$OUT/manifest.json"
    publish "$OUT" "$WAND_CACHE/guests/$1"
    say "$1: built $GUEST_VERSION into $WAND_CACHE/guests/$1"
}

built=
for recipe in "$MODULES"/*/recipe.sh; do
    [ -f "$recipe" ] || continue
    name=$(basename "$(dirname "$recipe")")
    [ -z "$only" ] || [ "$only" = "$name" ] || continue
    [ "$name" != science ] || [ -n "$science$only" ] || continue
    built=1
    # A subshell, so that a recipe's names are its own.
    (build "$name")
done
[ -n "$built" ] || die "no guest called $only; there are: $(cd "$MODULES" && ls -d */recipe.sh 2>/dev/null | sed 's,/recipe.sh,,' | tr '\n' ' ')"
