// attack: the names of files and folders in the module
// expect: module

fn main() {
    println!("{} {} {:?}", file!(), module_path!(), std::panic::Location::caller());
}
