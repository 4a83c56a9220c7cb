# Shared by the guest recipes: messages, the cache, safe publishing. Sourced by build.sh, not run.
#
# How a guest recipe (NAME/recipe.sh) is written. build.sh sources it in a subshell, inside a lock, with these set:
#   WAND_CACHE   the user's cache      MODULES  this folder     RECIPE  the recipe's digest      JOBS  compiler processes to run at once
#   GUEST        the guest's name, which is the name of its module too
#   WORK         an empty scratch folder, removed afterwards     OUT    an empty folder for the guest's files
# The recipe sets GUEST_VERSION and GUEST_LANGUAGES (by the end of recipe_build), prints the files that decide what it builds in
# recipe_inputs(), the Debian source packages it wants in recipe_sources(), and builds in recipe_build():
#   toolchain                     sets CC and CXX (native), WASM_CC and WASM_CXX (wasm32-wasi, reactor), AR, RANLIB, each one command
#   source_tree quickjs DIR       unpacks Debian's upstream source into DIR; sets SOURCE_VERSION and SOURCE_SHA256. A tarball can be
#                                 given by path in WAND_<NAME>_SOURCE instead
#   apply_patches DIR PATCH...    applies patches, each -p1
#   component NAME LICENCE FILE   records the source fetched last and copies its licence text
#   say MESSAGE                   one line of progress
# What it leaves in OUT becomes the guest: build.sh writes the manifest and puts the folder in place in one rename.

# say prints one line of progress with the seconds since the start.
say() { printf '%4ds  %s\n' "$(($(date +%s) - WAND_STARTED))" "$*" >&2; }

# die ends the build with one message that says what to do.
die() { printf 'build.sh: %s\n' "$*" >&2; exit 1; }

# need checks for a command on PATH: need COMMAND WHAT-TO-DO.
need() { command -v "$1" >/dev/null 2>&1 || die "$1 is not on PATH: $2"; }

# quietly runs a stage with its output in a log, of which the end is shown when the stage fails: quietly NAME COMMAND...
quietly() {
    quietly_log=$WORK/$1.log; quietly_name=$1; shift
    if ! "$@" >"$quietly_log" 2>&1; then
        tail -n 25 "$quietly_log" >&2
        mkdir -p "$WAND_CACHE/logs" && cp "$quietly_log" "$WAND_CACHE/logs/$quietly_name.log"
        die "$quietly_name failed; the whole log is $WAND_CACHE/logs/$quietly_name.log"
    fi
}

# sha256 prints the SHA-256 of a file, or of standard input, in hex.
sha256() {
    if command -v sha256sum >/dev/null 2>&1; then sha256sum "$@" | cut -d' ' -f1
    else shasum -a 256 "$@" | cut -d' ' -f1; fi
}

# cache_dir prints where Go's os.UserCacheDir would put the cache, so that the command finds what is built here.
cache_dir() {
    if [ -n "${WAND_CACHE:-}" ]; then printf '%s\n' "$WAND_CACHE"; return; fi
    [ -n "${HOME:-}${XDG_CACHE_HOME:-}" ] || die "no HOME: set WAND_CACHE to a folder that can be written"
    case $(uname -s) in
    Darwin) printf '%s\n' "$HOME/Library/Caches/wand" ;;
    *) printf '%s\n' "${XDG_CACHE_HOME:-$HOME/.cache}/wand" ;;
    esac
}

# publish moves a finished folder into place: publish NEW TARGET. An interrupted build leaves the old one or the new one.
publish() {
    mkdir -p "$(dirname "$2")"
    if [ -e "$2" ]; then
        publish_old=$2.old.$$
        mv "$2" "$publish_old" && mv "$1" "$2" && rm -rf "$publish_old"
    else
        mv "$1" "$2"
    fi
}

# apply_patches DIR PATCH... applies patches with whichever tool there is.
apply_patches() {
    patches_dir=$1; shift
    for patches_file in "$@"; do
        if command -v patch >/dev/null 2>&1; then
            (cd "$patches_dir" && patch -s -p1 --no-backup-if-mismatch) <"$patches_file" >&2 || die "$(basename "$patches_file") does not apply to $patches_dir"
        elif command -v git >/dev/null 2>&1; then
            (cd "$patches_dir" && GIT_CEILING_DIRECTORIES=$(dirname "$patches_dir") git apply -p1 "$patches_file") || die "$(basename "$patches_file") does not apply to $patches_dir"
        else
            die "neither patch nor git is on PATH: install one (Debian: apt install patch)"
        fi
    done
}

# component NAME LICENCE LICENCE-FILE records the source that source_tree fetched last in the guest's manifest.
component() {
    mkdir -p "$OUT/licences"
    [ -f "$3" ] || die "no licence text at $3"
    cp "$3" "$OUT/licences/$1.txt"
    printf '%s\t%s\t%s\t%s\t%s\n' "$1" "$SOURCE_VERSION" "$2" "licences/$1.txt" "$SOURCE_SHA256" >>"$WORK/components"
}
