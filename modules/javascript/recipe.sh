# QuickJS (Bellard's, from Debian's source package quickjs) as a WASI reactor. Sourced by ../build.sh; see ../lib/common.sh.

GUEST_LANGUAGES="javascript"
QUICKJS_DIR=$MODULES/javascript
# The C stack; main.c stops JavaScript long before it overflows.
QUICKJS_STACK=2097152

recipe_sources() { echo quickjs; }

recipe_inputs() {
    find "$QUICKJS_DIR" -name '*.c' -o -name '*.patch' -o -name '*.js' -o -name recipe.sh
}

# quickjs_library makes lib.h: the text of lib/*.js as C arrays.
quickjs_library() {
    quickjs_table=
    for quickjs_file in $(ls "$QUICKJS_DIR"/lib/*.js | LC_ALL=C sort); do
        quickjs_name=$(basename "$quickjs_file" .js)
        printf 'static const char lib_%s[] = {' "$quickjs_name"
        od -An -v -tu1 "$quickjs_file" | sed -e 's/  *\([0-9]\)/,\1/g' -e '1s/^,//'
        printf ',0};\n'
        quickjs_table="$quickjs_table    {\"$quickjs_name\", lib_$quickjs_name},
"
    done
    printf 'static const struct { const char *name, *source; } lib_files[] = {\n%s};\n' "$quickjs_table"
}

recipe_build() {
    toolchain
    source_tree quickjs "$WORK/quickjs"
    apply_patches "$WORK/quickjs" "$QUICKJS_DIR/quickjs.patch"
    GUEST_VERSION=$(cat "$WORK/quickjs/VERSION")
    quickjs_library >"$WORK/quickjs/lib.h"
    cp "$QUICKJS_DIR/main.c" "$WORK/quickjs/wand_main.c"
    say "javascript: compiling QuickJS $GUEST_VERSION"
    # -Os: measured as fast as -O2 in wazero, 20% smaller, and with smaller frames. -fwrapv and -funsigned-char are QuickJS's own; the folder's name must not reach the result.
    (cd "$WORK/quickjs" && quietly quickjs $WASM_CC -Os -DNDEBUG -fwrapv -funsigned-char -D_GNU_SOURCE "-DCONFIG_VERSION=\"$GUEST_VERSION\"" \
        -ffile-prefix-map="$WORK"=. -w -I. -I"$QUICKJS_DIR" -I"$MODULES/include" wand_main.c libregexp.c libunicode.c cutils.c dtoa.c -lm \
        -Wl,-z,stack-size=$QUICKJS_STACK -Wl,--strip-all -o "$OUT/javascript.wasm") || exit 1
    component quickjs MIT "$WORK/quickjs/LICENSE"
}
