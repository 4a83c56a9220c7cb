// attack: what there may be in an environment
// expect: module

fn main() {
    println!("{:?}", [option_env!("PATH"), option_env!("USER"), option_env!("SSH_AUTH_SOCK"), option_env!("CARGO_HOME"), option_env!("WAND_TEST_CANARY")]);
}
