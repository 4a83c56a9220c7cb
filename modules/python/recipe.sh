# The Python guest: CPython 3.13 with zlib, bz2, lzma and sqlite3 linked in, its library as a zip, and time zones in it. Sourced by build.sh.
#
# Extension modules to link in statically (numpy, for one) go into python_extensions as lines "module initfunction archive..." ("- - archive...": no module): the
# modules join the built-in ones, the archives the link.

GUEST_LANGUAGES=python

recipe_inputs() { find "$MODULES/python" -type f ! -name '*.md' ! -name '*.pyc'; }
recipe_sources() { echo python3.13 zlib bzip2 xz-utils libdbd-sqlite3-perl; }

python_extensions() { :; }
# Other hooks of a guest that is this one with more in it (../science): what it builds between configuring the interpreter and linking it, what else the
# linker is told, a folder of more modules, and which files go with modules (a regular expression).
python_more() { :; }
python_link= python_folder= python_data='^tzdata/zone|\.dist-info/METADATA$'

# The C stack: deep enough for CPython's own recursion limits (patches/0007); testdata/cases/python/recursion_in_c.py tries them.
python_stack=8388608
# What the interpreter is optimized with. Paths of this build leave no trace in what is built.
python_flags() {
    printf '%s' "-O3 -g0 -w -fno-strict-aliasing -ffile-prefix-map=$WORK=. -D_WASI_EMULATED_SIGNAL -D_WASI_EMULATED_GETPID -D_WASI_EMULATED_PROCESS_CLOCKS"
}

recipe_build() {
    need make "install it (Debian: apt install make)"
    need xz "tar unpacks the sources with it; install it (Debian: apt install xz-utils)"
    toolchain
    source_tree python3.13 "$WORK/python"
    GUEST_VERSION=$SOURCE_VERSION
    case $GUEST_VERSION in 3.13.*) ;; *) die "the Python source is $GUEST_VERSION, this recipe is for 3.13" ;; esac
    component cpython PSF-2.0 "$WORK/python/LICENSE"
    apply_patches "$WORK/python" "$MODULES"/python/patches/*.patch
    source_tree zlib "$WORK/zlib"
    component zlib Zlib "$WORK/zlib/LICENSE"
    source_tree bzip2 "$WORK/bzip2"
    component bzip2 bzip2-1.0.6 "$WORK/bzip2/LICENSE"
    source_tree xz-utils "$WORK/xz"
    component xz 0BSD "$WORK/xz/COPYING.0BSD"
    # SQLite's own source package makes sqlite3.c with Tcl; this one carries it made.
    source_tree libdbd-sqlite3-perl "$WORK/sqlite"
    SOURCE_VERSION=$(sed -n 's/^#define SQLITE_VERSION  *"\(.*\)"/\1/p' "$WORK/sqlite/sqlite3.h")
    sed -n '1,/^\*\*\*\*/p' "$WORK/sqlite/sqlite3.h" >"$WORK/sqlite/BLESSING"
    component sqlite blessing "$WORK/sqlite/BLESSING"
    quietly python-wheels python_wheels
    SOURCE_VERSION=$(sed -n 's/^tzdata==\([^ ]*\).*/\1/p' "$MODULES/python/wheels.txt") SOURCE_SHA256=$(sed -n 's/.*sha256:\([0-9a-f]*\).*/\1/p' "$MODULES/python/wheels.txt")
    component tzdata Apache-2.0 "$WORK/site"/tzdata-*.dist-info/licenses/LICENSE
    say "python: sources ready"

    # The two configure runs and the small libraries do not depend on each other, and each leaves a core idle half of the time.
    mkdir -p "$WORK/native" "$WORK/wasm" "$WORK/deps/include" "$WORK/deps/lib"
    quietly python-native-configure python_native_configure &
    python_configure_job=$!
    quietly python-libraries python_libraries
    wait "$python_configure_job" || exit 1
    say "python: zlib, bz2, lzma, sqlite3 built"
    quietly python-native python_native
    say "python: a native Python of the same version, which compiles the library"
    quietly python-configure python_configure
    say "python: configured for WebAssembly"
    python_more
    quietly python-wasm python_wasm
    say "python: interpreter built"
    quietly python-library python_library
    say "python: library packed"
}

# python_wheels puts the pinned wheels into the cache, and unpacks them.
python_wheels() {
    set -e
    python_fetch=$WAND_CACHE/sources/python-$(sha256 "$MODULES/python/wheels.txt" | cut -c1-12)
    if [ ! -d "$python_fetch" ]; then
        need python3 "install Python 3.8 or newer with pip (Debian: apt install python3-pip)"
        mkdir -p "$WORK/fetch"
        python3 -m pip download --quiet --disable-pip-version-check --no-cache-dir --no-deps --require-hashes --only-binary=:all: -r "$MODULES/python/wheels.txt" -d "$WORK/fetch"
        publish "$WORK/fetch" "$python_fetch"
    fi
    mkdir -p "$WORK/site"
    for python_wheel in "$python_fetch"/*.whl; do python3 -m zipfile -e "$python_wheel" "$WORK/site"; done
}

python_native_configure() {
    cd "$WORK/native"
    # Enough of a Python to freeze modules and run pack.py: two extension modules, little optimization.
    mkdir -p Modules
    printf '*static*\n_struct _struct.c\nbinascii binascii.c\n' >Modules/Setup.local
    CC=$CC AR=$AR RANLIB=$RANLIB CONFIG_SITE=/dev/null ../python/configure -q --without-ensurepip --disable-test-modules --with-pymalloc
}

python_native() { make -C "$WORK/native" -s -j"$JOBS" OPT="-DNDEBUG -O1 -g0 -w" python; }

# python_libraries compiles the four libraries: each its few files, with no configure script.
python_libraries() (
    set -e
    flags="$(python_flags) -O2 -DNDEBUG"
    # One file a time: of several zig would keep only one object.
    cc() {
        cc_out=$1; shift
        for cc_file; do printf '%s\n' "$cc_file"; done | (cd "$WORK/$cc_dir" && xargs -n 1 -P "$JOBS" $WASM_CC $flags $cc_defines -c)
        (cd "$WORK/$cc_dir" && "$AR" rcs "$WORK/deps/lib/$cc_out" *.o)
    }
    cc_dir=zlib cc_defines=
    cc libz.a adler32.c compress.c crc32.c deflate.c infback.c inffast.c inflate.c inftrees.c trees.c uncompr.c zutil.c
    cp "$WORK/zlib/zlib.h" "$WORK/zlib/zconf.h" "$WORK/deps/include"
    cc_dir=bzip2
    cc libbz2.a blocksort.c huffman.c crctable.c randtable.c compress.c decompress.c bzlib.c
    cp "$WORK/bzip2/bzlib.h" "$WORK/deps/include"
    mkdir "$WORK/xz/wand"
    (cd "$WORK/xz/src/liblzma" &&
        find common check lz lzma rangecoder delta simple -name '*.c' ! -name '*_tablegen.c' ! -name '*_small.c' ! -name '*mt.c' \
            ! -name 'hardware_*.c' ! -name 'crc*_fast_*' ! -name 'crc_clmul*' | LC_ALL=C sort) >"$WORK/xz/files"
    cc_dir=xz/wand
    cc_defines="-DHAVE_STDBOOL_H -DHAVE_STDINT_H -DHAVE_INTTYPES_H -DHAVE_CHECK_CRC32 -DHAVE_CHECK_CRC64 -DHAVE_CHECK_SHA256 -DTUKLIB_SYMBOL_PREFIX=lzma_
        -DHAVE_ENCODERS -DHAVE_DECODERS -DHAVE_MF_HC3 -DHAVE_MF_HC4 -DHAVE_MF_BT2 -DHAVE_MF_BT3 -DHAVE_MF_BT4 -DHAVE_LZIP_DECODER
        -DHAVE_ENCODER_LZMA1 -DHAVE_ENCODER_LZMA2 -DHAVE_ENCODER_DELTA -DHAVE_DECODER_LZMA1 -DHAVE_DECODER_LZMA2 -DHAVE_DECODER_DELTA
        -DHAVE_ENCODER_X86 -DHAVE_DECODER_X86 -DHAVE_ENCODER_ARM -DHAVE_DECODER_ARM -DHAVE_ENCODER_ARMTHUMB -DHAVE_DECODER_ARMTHUMB
        -DHAVE_ENCODER_POWERPC -DHAVE_DECODER_POWERPC -DHAVE_ENCODER_IA64 -DHAVE_DECODER_IA64 -DHAVE_ENCODER_SPARC -DHAVE_DECODER_SPARC
        -DHAVE_ENCODER_ARM64 -DHAVE_DECODER_ARM64 -DHAVE_ENCODER_RISCV -DHAVE_DECODER_RISCV -DNDEBUG -I../src/common"
    for dir in api common check lz lzma rangecoder delta simple; do cc_defines="$cc_defines -I../src/liblzma/$dir"; done
    cc liblzma.a $(sed 's,^,../src/liblzma/,' "$WORK/xz/files")
    cp -R "$WORK/xz/src/liblzma/api/." "$WORK/deps/include"
    cc_dir=sqlite
    cc_defines="-DSQLITE_THREADSAFE=0 -DSQLITE_OMIT_LOAD_EXTENSION -DSQLITE_ENABLE_MATH_FUNCTIONS -DSQLITE_ENABLE_FTS5 -DSQLITE_ENABLE_RTREE
        -DSQLITE_MAX_MMAP_SIZE=0 -DSQLITE_DEFAULT_MEMSTATUS=0 -DSQLITE_OMIT_WAL -DSQLITE_TEMP_STORE=3 -DSQLITE_DQS=3"
    cc libsqlite3.a sqlite3.c
    cp "$WORK/sqlite/sqlite3.h" "$WORK/deps/include"
)

python_configure() {
    # What a link test finds but the sandbox has not, or what a module needs that is not there.
    python_absent="_socket _ssl _hashlib _ctypes _curses _curses_panel _tkinter _dbm _gdbm _uuid _posixsubprocess _posixshmem _multiprocessing
        _interpreters _interpchannels _interpqueues readline resource syslog termios mmap grp pwd nis ossaudiodev spwd"
    {
        cat "$WORK/python/Tools/wasm/config.site-wasm32-wasi"
        # zig's headers for WASI declare more than its libc has.
        for python_header in sys_mman sys_epoll sys_timerfd sys_inotify sys_eventfd libintl netdb pthread_np grp; do printf 'ac_cv_header_%s_h=no\n' "$python_header"; done
        for python_function in mmap dlopen epoll_create epoll_create1 setgroups timerfd_create sem_timedwait sem_clockwait; do printf 'ac_cv_func_%s=no\n' "$python_function"; done
        # time.sleep would wait for a point in time with it, which wazero's own WASI refuses and Node's takes for a duration: files that wand build makes run there.
        printf 'ac_cv_func_clock_nanosleep=no\nac_cv_lib_rt_clock_nanosleep=no\n'
        for python_module in $python_absent; do printf 'py_cv_module_%s=n/a\n' "$python_module"; done
    } >"$WORK/wasm/config.site"
    cd "$WORK/wasm"
    python_lib="-L$WORK/deps/lib"
    python_inc="-I$WORK/deps/include"
    CC=$WASM_COMMAND_CC CXX=$WASM_COMMAND_CC AR=$AR RANLIB=$RANLIB READELF=true PKG_CONFIG=false CFLAGS=$(python_flags) CONFIG_SITE=$WORK/wasm/config.site \
        ZLIB_CFLAGS=$python_inc ZLIB_LIBS="$python_lib -lz" BZIP2_CFLAGS=$python_inc BZIP2_LIBS="$python_lib -lbz2" \
        LIBLZMA_CFLAGS=$python_inc LIBLZMA_LIBS="$python_lib -llzma" LIBSQLITE3_CFLAGS=$python_inc LIBSQLITE3_LIBS="$python_lib -lsqlite3" \
        ../python/configure -q --host=wasm32-wasip1 --build="$(../python/config.guess)" --with-build-python="$WORK/native/python" \
        --prefix=/usr --disable-test-modules --without-ensurepip --with-pymalloc
    # A module that configure left out would only be missed at run time.
    for python_module in _SQLITE3 _BZ2 _LZMA ZLIB _DECIMAL UNICODEDATA _DATETIME _JSON _STRUCT _ELEMENTTREE SELECT; do
        grep -q "^MODULE_${python_module}_STATE=yes" Makefile || { echo "configure left out $python_module"; return 1; }
    done
}

python_wasm() {
    cd "$WORK/wasm"
    python_extensions | grep -v '^- ' | while read -r ext_module ext_init ext_archives; do printf 'X("%s", %s)\n' "$ext_module" "$ext_init"; done >wand_extensions.h
    python_archives=$(python_extensions | cut -d' ' -f3-)
    # The link is the one that the Makefile makes for python.wasm, with our main and without the command's.
    cat >wand.mk <<'MK'
wand-reactor.wasm: wand_main.o $(LINK_PYTHON_DEPS)
	$(LINKCC) $(WAND_LINK) -o $@ wand_main.o $(WAND_ARCHIVES) $(LINK_PYTHON_OBJS) $(LIBS) $(MODLIBS) $(SYSLIBS) $(WAND_LIBS)
wand_main.o: $(WAND_MAIN)
	$(CC) $(PY_CORE_CFLAGS) -I. -I$(WAND_INCLUDE) -c -o $@ $(WAND_MAIN)
MK
    make -s -j"$JOBS" -f Makefile -f wand.mk OPT="-DNDEBUG" WAND_MAIN="$MODULES/python/main.c" WAND_INCLUDE="$MODULES/include" \
        WAND_ARCHIVES="$python_archives" WAND_LIBS="$python_link" WAND_LINK="-mexec-model=reactor -s -Wl,-z,stack-size=$python_stack" wand-reactor.wasm
    cp wand-reactor.wasm "$OUT/$GUEST.wasm"
    chmod 644 "$OUT/$GUEST.wasm"
}

python_library() {
    "$WORK/native/python" -I -S -E "$MODULES/python/pack.py" --library "$WORK/python/Lib" --ours "$MODULES/python/lib" --ours "$WORK/site" \
        ${python_folder:+--ours "$python_folder"} --data "$python_data" --out "$OUT/python313.zip"
}
