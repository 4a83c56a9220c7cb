// attack: a crate that the compiler would load into itself
// expect: error | module

#![crate_type = "proc-macro"]
extern crate proc_macro;
use proc_macro::TokenStream;

#[proc_macro]
pub fn m(_: TokenStream) -> TokenStream {
    std::fs::read_to_string("/etc/passwd").unwrap().parse().unwrap()
}
fn main() {}
