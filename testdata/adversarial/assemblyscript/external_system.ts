// attack: an import that the host would have to provide
// expect: module

@external("env", "system") declare function system(command: string): i32;
system("id");
