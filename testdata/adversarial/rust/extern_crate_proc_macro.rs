// attack: the interface of procedural macros
// expect: error | module

extern crate proc_macro;
fn main() {
    let _: Option<proc_macro::TokenStream> = None;
}
