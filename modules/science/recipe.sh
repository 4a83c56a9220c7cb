# The science guest: the Python guest with numpy and pandas linked in, and dateutil, pytz and six beside them. Sourced by build.sh.
#
# numpy's and pandas' own build files say what is compiled with which definitions: meson lays it out, with a cross file for wasm32-wasi and a compiler that
# makes an archive where a shared library was asked for. Which archive becomes which built-in module, python_extensions says.

. "$MODULES/python/recipe.sh"

recipe_inputs() {
    find "$MODULES/python" "$MODULES/science" -type f ! -name '*.md' ! -name '*.pyc' ! -path "$MODULES/python/recipe.sh" ! -path "$MODULES/science/tests/*"
    echo "$MODULES/python/recipe.sh"
}

science_root=$WORK/science
python_link="-lc++ -lc++abi"
python_folder=$science_root/site
# Beside modules: templates of pandas' Styler, the time zones, and what packages say of themselves.
python_data="$python_data|\\.(tpl|tar\\.gz)\$|^pytz/zoneinfo/"

# science_flags compile numpy and pandas, in C and in C++, with more of them if they are given. What C++ throws ends the program (throw.c), so nothing of it is
# caught.
science_flags() {
    printf '%s' "'-O2', ${1:-}'-g0', '-w', '-fno-strict-aliasing', '-ffile-prefix-map=$WORK=.', '-D_WASI_EMULATED_SIGNAL', '-D_WASI_EMULATED_PROCESS_CLOCKS',
        '-I$WORK/python/Include', '-I$WORK/wasm'"
}

python_extensions() {
    # All archives in one line, before the modules: what becomes a module, what several of them share, and parts of libc that the toolchain leaves out.
    printf -- '- -'
    find "$science_root/numpy-build" "$science_root/pandas-build" "$science_root/libc" \( -name '*.so' -o -name '*.a' \) | LC_ALL=C sort | tr '\n' ' ' | sed 's,^, ,'
    echo
    (cd "$science_root" && find numpy-build pandas-build -name '*.so' | LC_ALL=C sort) | while read -r science_module; do
        science_name=$(printf %s "${science_module%.so}" | sed -e 's,^[a-z]*-build/,,' -e 's,/,.,g')
        printf '%s PyInit_%s\n' "$science_name" "${science_name##*.}"
    done
}

python_more() {
    quietly science-sources science_sources
    science_tools
    say "science: sources ready"
    # numpy's loops over arrays gain from vectors; pandas' own hash tables and searches do not.
    science_vectors=$(science_flags "'-msimd128', ")
    quietly numpy-configure science_meson numpy "-Dc_args=[$science_vectors]" "-Dcpp_args=[$science_vectors]" -Dallow-noblas=true -Dblas=none -Dlapack=none -Ddisable-svml=true -Ddisable-highway=true \
        -Ddisable-intel-sort=true -Ddisable-threading=true -Ddisable-optimization=true
    say "science: numpy configured"
    quietly numpy science_ninja numpy
    say "science: numpy built"
    science_numpy_headers
    quietly pandas-configure science_meson pandas
    quietly pandas science_ninja pandas
    say "science: pandas built"
    quietly science-libc science_libc
    quietly science-site science_site
}

# science_sources puts the pinned sources and wheels into the cache, and unpacks them.
science_sources() {
    set -e
    science_fetch=$WAND_CACHE/sources/science-$(cat "$MODULES/science/sources.txt" "$MODULES/science/wheels.txt" "$MODULES/science/ninja.txt" | sha256 | cut -c1-12)
    if [ ! -d "$science_fetch" ]; then
        mkdir -p "$science_root/fetch"
        science_pip="python3 -m pip download --quiet --disable-pip-version-check --no-cache-dir --no-deps --require-hashes"
        PYTHONPATH=$MODULES/science/standins $science_pip --no-binary=:all: --no-build-isolation -r "$MODULES/science/sources.txt" -d "$science_root/fetch"
        $science_pip --only-binary=:all: -r "$MODULES/science/wheels.txt" -d "$science_root/fetch"
        $science_pip --only-binary=:all: -r "$MODULES/science/ninja.txt" -d "$science_root/fetch"
        publish "$science_root/fetch" "$science_fetch"
    fi
    for science_package in numpy pandas; do
        mkdir -p "$science_root/$science_package"
        tar -C "$science_root/$science_package" --strip-components=1 -xf "$science_fetch/$science_package"-*.tar.gz
    done
    for science_wheel in "$science_fetch"/*.whl; do
        science_package=$(basename "$science_wheel" | sed 's/-.*//' | tr A-Z a-z)
        mkdir -p "$science_root/wheels/$science_package"
        python3 -m zipfile -e "$science_wheel" "$science_root/wheels/$science_package"
    done
    apply_patches "$science_root/numpy" "$MODULES"/science/patches/numpy/*.patch
    cp "$MODULES/science/radix.hpp" "$science_root/numpy/numpy/_core/src/npysort/"
    # numpy's translated BLAS keeps its local variables in memory from call to call, without a use.
    sed 's/^    static /    /' "$science_root/numpy/numpy/linalg/lapack_lite/f2c_blas.c" >"$science_root/blas.c" && mv "$science_root/blas.c" "$science_root/numpy/numpy/linalg/lapack_lite/f2c_blas.c"
    apply_patches "$science_root/pandas" "$MODULES"/science/patches/pandas/*.patch
    apply_patches "$science_root/wheels/pytz" "$MODULES"/science/patches/pytz/*.patch
    SOURCE_SHA256= SOURCE_VERSION=
    science_component numpy BSD-3-Clause "$science_root/numpy/LICENSE.txt" "$science_root/numpy/LICENSES_bundled.txt" "$science_root/numpy/numpy/linalg/lapack_lite/LICENSE.txt"
    science_component pandas BSD-3-Clause "$science_root/pandas/LICENSE" "$science_root"/pandas/LICENSES/*
    science_component python-dateutil "Apache-2.0 OR BSD-3-Clause" "$science_root"/wheels/python_dateutil/*.dist-info/LICENSE
    science_component pytz MIT "$science_root"/wheels/pytz/*.dist-info/LICENSE.txt
    science_component six MIT "$science_root"/wheels/six/*.dist-info/LICENSE
}

# science_component NAME LICENCE FILE... records a package by its line in sources.txt or wheels.txt.
science_component() {
    science_name=$1 science_licence=$2; shift 2
    for science_file; do [ -f "$science_file" ] || { echo "no licence text at $science_file"; return 1; }; done
    cat "$@" >"$science_root/licence"
    SOURCE_VERSION=$(cat "$MODULES/science/sources.txt" "$MODULES/science/wheels.txt" | sed -n "s/^$science_name==\([^ ]*\).*/\1/p")
    SOURCE_SHA256=$(cat "$MODULES/science/sources.txt" "$MODULES/science/wheels.txt" | sed -n "/^$science_name==/{n;s/.*sha256:\([0-9a-f]*\).*/\1/p;}")
    component "$science_name" "$science_licence" "$science_root/licence"
}

# science_tools makes the compilers and the interpreter that meson uses.
science_tools() {
    mkdir -p "$science_root/bin"
    chmod +x "$science_root"/wheels/ninja/*.data/scripts/ninja
    ln -sf "$(echo "$science_root"/wheels/ninja/*.data/scripts/ninja)" "$science_root/bin/ninja"
    printf '#!/bin/sh\nexec sh "%s" "%s" "$@"\n' "$MODULES/science/cc.sh" "$WASM_COMMAND_CC" >"$science_root/bin/cc"
    sed 's/ -mexec-model=reactor -fno-exceptions / -fexceptions -fignore-exceptions /' "$WASM_CXX" >"$science_root/bin/wasm-cxx"
    printf '#!/bin/sh\nexec sh "%s" "%s" "$@"\n' "$MODULES/science/cc.sh" "$science_root/bin/wasm-cxx" >"$science_root/bin/cxx"
    # Archives of the objects themselves: thin ones, which meson asks for, cannot be moved.
    printf '#!/bin/sh\nflags=$(printf %%s "$1" | tr -d T); shift; exec "%s" "$flags" "$@"\n' "$AR" >"$science_root/bin/ar"
    printf '#!/bin/sh\nPYTHONPATH="%s" exec sh "%s" "%s" -I "%s" "$@"\n' "$science_root/wheels/cython" "$MODULES/science/cython.sh" "$science_root" "$science_root/numpy" \
        >"$science_root/bin/cython"
    # meson asks the Python that it builds for to describe itself; this one is not there to be run.
    printf '#!/bin/sh\ncase $1 in *python_info.py) exec cat "%s" ;; esac\nPYTHONPATH="%s" exec python3 "$@"\n' "$science_root/python.json" \
        "$science_root/wheels/cython:$MODULES/science/standins" >"$science_root/bin/python"
    chmod +x "$science_root"/bin/*
    sed -e "s,@INCLUDE@,$WORK/python/Include," -e "s,@PLATINCLUDE@,$WORK/wasm," "$MODULES/science/python.json" >"$science_root/python.json"
    cat >"$science_root/cross.txt" <<CROSS
[binaries]
c = '$science_root/bin/cc'
cpp = '$science_root/bin/cxx'
ar = '$science_root/bin/ar'
cython = '$science_root/bin/cython'
python = '$science_root/bin/python'
python3 = '$science_root/bin/python'
pkg-config = 'false'
[built-in options]
c_args = [$(science_flags)]
cpp_args = [$(science_flags)]
[properties]
longdouble_format = 'IEEE_QUAD_LE'
needs_exe_wrapper = true
skip_sanity_check = true
[host_machine]
system = 'wasi'
cpu_family = 'wasm32'
cpu = 'wasm32'
endian = 'little'
CROSS
    # Not the machine's own zig cache entry: zig keeps libc++ there, which it compiles once.
    WAND_NUMPY_INCLUDE=$science_root/include
    export WAND_NUMPY_INCLUDE
}

# science_meson PACKAGE OPTION... lays out PACKAGE's build.
science_meson() {
    science_package=$1; shift
    PATH=$science_root/bin:$PATH "$science_root/bin/python" "$science_root/numpy/vendored-meson/meson/meson.py" setup "$science_root/$science_package-build" \
        "$science_root/$science_package" --cross-file "$science_root/cross.txt" --prefix=/usr -Dbuildtype=plain -Db_ndebug=true "$@"
}

# science_ninja PACKAGE compiles PACKAGE. Some of its commands are written as names.
science_ninja() {
    PATH=$science_root/bin:$PATH ninja -C "$science_root/$1-build" -j"$JOBS"
}

# science_numpy_headers gathers numpy's headers, some of which its build made, for pandas.
science_numpy_headers() {
    mkdir -p "$WAND_NUMPY_INCLUDE"
    cp -R "$science_root/numpy/numpy/_core/include/numpy" "$WAND_NUMPY_INCLUDE/"
    cp "$science_root/numpy-build/numpy/_core/_numpyconfig.h" "$science_root"/numpy-build/numpy/_core/__*_api.h "$WAND_NUMPY_INCLUDE/numpy/"
}

# science_libc compiles what is missing for numpy: printf and strtold of long doubles, which the toolchain's libc is built without, blas.cpp and throw.c.
science_libc() {
    set -e
    science_zig=$("$toolchain_zig" env | sed -n 's/^[ .]*"*lib_dir"*[ :=]*"\(.*\)".*/\1/p')/libc
    science_wasi=$science_zig/wasi/libc-top-half/musl
    mkdir -p "$science_root/libc"
    cd "$science_root/libc"
    for science_file in stdio/vfprintf stdlib/strtod internal/floatscan; do
        "$WASM_COMMAND_CC" -O2 -g0 -w -std=gnu17 -fno-builtin "-ffile-prefix-map=$science_zig=." -I"$science_wasi/src/include" -I"$science_zig/musl/src/include" \
            -I"$science_wasi/src/internal" -I"$science_zig/musl/src/internal" -I"$science_wasi/arch/wasm32" -I"$science_wasi/arch/generic" -I"$science_zig/musl/arch/generic" \
            -I"$science_zig/wasi/libc-top-half/headers/private" -c "$science_wasi/src/$science_file.c"
    done
    "$WASM_COMMAND_CC" -O2 -g0 -w -c "$MODULES/science/throw.c"
    "$science_root/bin/wasm-cxx" -O3 -g0 -w -msimd128 -fno-strict-aliasing -ffp-contract=off "-ffile-prefix-map=$MODULES=." -I"$science_root/numpy/numpy/_core/src/common" \
        -I"$WAND_NUMPY_INCLUDE" -I"$WORK/python/Include" -I"$WORK/wasm" -c "$MODULES/science/blas.cpp"
    "$AR" rcs libscience.a *.o
}

# science_site puts the Python parts into one folder: what is imported, without tests, headers, stubs and what needs a compiler.
science_site() {
    for science_package in numpy pandas; do
        PATH=$science_root/bin:$PATH "$science_root/bin/python" "$science_root/numpy/vendored-meson/meson/meson.py" install -C "$science_root/$science_package-build" --no-rebuild \
            --destdir "$science_root/installed" || return 1
    done
    mkdir -p "$python_folder"
    (cd "$science_root/installed/usr/lib/python3.13/site-packages" && tar -cf - --exclude tests --exclude '*.so' --exclude __pycache__ --exclude numpy/distutils --exclude numpy/f2py --exclude numpy/_pyinstaller \
        --exclude pandas/plotting/_matplotlib .) |
        tar -C "$python_folder" -xf -
    # What numpy.show_config says should not depend on where it was built.
    sed -e "s,$WORK,.,g" "$python_folder/numpy/__config__.py" >"$science_root/config.py" && mv "$science_root/config.py" "$python_folder/numpy/__config__.py" || return 1
    cp -R "$science_root/wheels/python_dateutil/dateutil" "$science_root/wheels/pytz/pytz" "$science_root/wheels/six/six.py" "$python_folder/"
    # The distributions' metadata, which programs ask for versions.
    for science_package in python_dateutil pytz six; do cp -R "$science_root/wheels/$science_package/"*.dist-info "$python_folder/"; done
    # numpy.testing, which programs use, wants a module of the tests.
    mkdir -p "$python_folder/numpy/_core/tests"
    cp "$science_root/numpy/numpy/_core/tests/_natype.py" "$python_folder/numpy/_core/tests/"
    : >"$python_folder/numpy/_core/tests/__init__.py"
    cp -R "$MODULES/science/lib/." "$python_folder/"
}
