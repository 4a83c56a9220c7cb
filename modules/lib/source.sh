# Debian's upstream sources for the guest recipes, fetched without root and without touching the system. Sourced by build.sh.
#
# apt does the work in a private state folder: the machine's own archive, mirror, proxy and keys, with the suite changed to the one
# that has the sources. apt checks the archive's signature and, through it, every file. What was fetched stays in the cache, so that
# a later build is offline and builds the same; build.sh --update looks for newer ones.

SOURCE_SUITE=trixie

# source_tree PACKAGE DIR unpacks the upstream tarball of a Debian source package into DIR, without its top folder, and sets
# SOURCE_VERSION and SOURCE_SHA256. WAND_<LEADING LETTERS OF PACKAGE>_SOURCE (WAND_PYTHON_SOURCE for python3.13) is a tarball to
# use instead.
source_tree() {
    source_var=$(source_variable "$1")
    eval "source_file=\${$source_var:-}"
    if [ -n "$source_file" ]; then
        [ -f "$source_file" ] || die "$source_var=$source_file is not a file"
        SOURCE_SHA256=$(sha256 "$source_file")
    else
        source_record=$WAND_CACHE/sources/$1
        source_cached "$1" || source_fetch "$1"
        read -r source_name SOURCE_SHA256 <"$source_record"
        source_file=$WAND_CACHE/sources/$source_name
    fi
    SOURCE_VERSION=$(basename "$source_file" | sed -e 's/\.tar\..*$//' -e 's/\.tgz$//' -e 's/\.orig$//' -e 's/^[^_]*_//' -e 's/^[A-Za-z-]*-\([0-9]\)/\1/')
    mkdir -p "$2"
    tar -C "$2" --strip-components=1 -xf "$source_file" || die "cannot unpack $source_file"
}

# source_variable PACKAGE prints the name of the variable that overrides it.
source_variable() {
    printf 'WAND_%s_SOURCE\n' "$(printf %s "$1" | sed -e 's/^libdbd-//' -e 's/[^a-z].*//' | tr a-z A-Z)"
}

# source_cached PACKAGE says whether the cache has it, whole.
source_cached() {
    [ -f "$WAND_CACHE/sources/$1" ] && [ "${WAND_UPDATE:-}" != 1 ] || return 1
    read -r source_name source_sum <"$WAND_CACHE/sources/$1"
    [ -f "$WAND_CACHE/sources/$source_name" ] && [ "$(sha256 "$WAND_CACHE/sources/$source_name")" = "$source_sum" ]
}

# source_fetch PACKAGE downloads a package's upstream tarball into the cache.
source_fetch() {
    apt_private
    source_tmp=$WORK/fetch-$1
    mkdir -p "$source_tmp"
    (cd "$source_tmp" && quietly "fetch-$1" apt-get -qq source --download-only --tar-only --only-source "$1") || exit 1
    source_path=$(ls "$source_tmp"/*.orig.tar.* 2>/dev/null | grep -v '\.asc$' | head -n 1)
    [ -n "$source_path" ] || die "Debian's source package $1 has no upstream tarball; give one by path in $(source_variable "$1")"
    source_name=$(basename "$source_path")
    mkdir -p "$WAND_CACHE/sources"
    mv "$source_path" "$WAND_CACHE/sources/.$source_name.$$"
    mv "$WAND_CACHE/sources/.$source_name.$$" "$WAND_CACHE/sources/$source_name"
    printf '%s %s\n' "$source_name" "$(sha256 "$WAND_CACHE/sources/$source_name")" >"$WAND_CACHE/sources/.$1.$$"
    mv "$WAND_CACHE/sources/.$1.$$" "$WAND_CACHE/sources/$1"
    rm -rf "$source_tmp"
    say "sources: $source_name"
}

# apt_private makes apt work in folders of ours, once per build: it sets APT_CONFIG and downloads the list of sources.
apt_private() {
    [ -z "${APT_READY:-}" ] || return 0
    command -v apt-get >/dev/null 2>&1 ||
        die "no apt-get, which fetches Debian's sources: give tarballs by path instead, for instance WAND_PYTHON_SOURCE=Python-3.13.5.tar.xz (also WAND_ZLIB_SOURCE, WAND_SQLITE_SOURCE, WAND_BZIP_SOURCE, WAND_XZ_SOURCE, WAND_QUICKJS_SOURCE)"
    apt_dir=$WORK/apt
    mkdir -p "$apt_dir/lists/partial" "$apt_dir/cache/archives/partial" "$apt_dir/empty"
    apt_sources >"$apt_dir/sources.list"
    [ -s "$apt_dir/sources.list" ] ||
        die "apt has no Debian archive in /etc/apt/sources.list or /etc/apt/sources.list.d: give source tarballs by path, for instance WAND_PYTHON_SOURCE=Python-3.13.5.tar.xz"
    {
        # Proxies and the like are the machine's own; hooks are not wanted.
        apt-config dump | grep '^Acquire::[a-zA-Z]' | grep -v '^Acquire::IndexTargets'
        printf 'Dir::Etc::main "/dev/null";\nDir::Etc::parts "%s";\nDir::Etc::sourcelist "%s";\nDir::Etc::sourceparts "%s";\nDir::Etc::preferences "/dev/null";\nDir::Etc::preferencesparts "%s";\n' \
            "$apt_dir/empty" "$apt_dir/sources.list" "$apt_dir/empty" "$apt_dir/empty"
        printf 'Dir::State::lists "%s";\nDir::Cache "%s";\nDir::Log "%s";\n' "$apt_dir/lists" "$apt_dir/cache" "$apt_dir/empty"
        printf 'APT::Sandbox::User "%s";\nAcquire::Languages "none";\nAPT::Get::List-Cleanup "false";\n' "$(id -un 2>/dev/null || echo root)"
    } >"$apt_dir/apt.conf"
    APT_CONFIG=$apt_dir/apt.conf
    export APT_CONFIG
    say "sources: reading Debian $SOURCE_SUITE's list of source packages"
    quietly apt-update apt-get -qq -o APT::Update::Error-Mode=any update
    APT_READY=1
}

# apt_sources prints the machine's own Debian archive as one deb-src line for each place, for SOURCE_SUITE. It reads both formats.
apt_sources() {
    apt_codename=$(. /etc/os-release 2>/dev/null && printf %s "${VERSION_CODENAME:-}")
    for apt_file in /etc/apt/sources.list.d/*.sources; do
        [ -r "$apt_file" ] || continue
        awk -v codename="$apt_codename" -v suite="$SOURCE_SUITE" '
            function value(line) { sub(/^[^:]*:[ \t]*/, "", line); return line }
            function emit(  i, n, uri, list, options) {
                if (uris != "" && wanted(suites) && components ~ /(^| )main( |$)/ && enabled != "no") {
                    options = signed ~ /^\// ? "[signed-by=" signed "] " : ""
                    n = split(uris, list, /[ \t]+/)
                    for (i = 1; i <= n; i++) print "deb-src " options list[i] " " suite " main"
                }
                uris = suites = components = signed = enabled = ""
            }
            function wanted(s) { return (" " s " ") ~ (" (" codename "|" suite "|stable|oldstable|testing|sid|unstable) ") }
            /^[ \t]*$/ { emit(); next }
            /^#/ { next }
            tolower($0) ~ /^uris:/ { uris = value($0) }
            tolower($0) ~ /^suites:/ { suites = value($0) }
            tolower($0) ~ /^components:/ { components = value($0) }
            tolower($0) ~ /^signed-by:/ { signed = value($0) }
            tolower($0) ~ /^enabled:/ { enabled = tolower(value($0)) }
            END { emit() }' "$apt_file"
    done
    for apt_file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
        [ -r "$apt_file" ] || continue
        awk -v codename="$apt_codename" -v suite="$SOURCE_SUITE" '
            $1 == "deb" {
                line = $0; options = ""
                sub(/^deb[ \t]+/, "", line)
                if (match(line, /^\[[^]]*\][ \t]*/)) { options = substr(line, RSTART, RLENGTH) " "; line = substr(line, RLENGTH + 1) }
                gsub(/arch=[^] ]*/, "", options)
                n = split(line, f, /[ \t]+/)
                if (f[1] !~ /^cdrom:/ && f[2] ~ ("^(" codename "|" suite "|stable|oldstable|testing|sid|unstable)$") && line ~ / main( |$)/) print "deb-src " options f[1] " " suite " main"
            }' "$apt_file"
    done
}
