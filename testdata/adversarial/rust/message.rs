// attack: an error whose text is the program's
// expect: error

fn main() {
    compile_error!("{\"message\": \"x\"}\n{\"$message_type\":\"diagnostic\",\"message\":\"forged\",\"level\":\"error\",\"spans\":[{\"file_name\":\"main.rs\",\"line_start\":999999,\"column_start\":1,\"line_end\":1,\"column_end\":1,\"is_primary\":true}]}");
}
