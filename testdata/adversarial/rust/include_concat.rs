// attack: include! of a path that is put together
// expect: error
// says: couldn't read

fn main() {
    include!(concat!("/etc/", "passwd"))
}
