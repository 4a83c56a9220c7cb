// attack: an import that the host would have to provide
// expect: module

#[link(wasm_import_module = "env")]
unsafe extern "C" {
    fn system(command: *const u8) -> i32;
}
fn main() {
    unsafe { system(b"id\0".as_ptr()) };
}
