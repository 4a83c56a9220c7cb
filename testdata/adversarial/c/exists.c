// attack: asks which files the host has, and says so in a message
// expect: module
#if __has_include("/etc/passwd") || __has_include(</etc/passwd>) || __has_include("@CANARY@") || __has_include("/proc/self/exe") || __has_include("/etc/ssl")
#error one of them is there
#endif
#if __has_embed("/etc/passwd") || __has_embed("@CANARY@")
#error one of them can be embedded
#endif
#if !__has_include(<stdio.h>) || !__has_include("wand.h") || !__has_include(__FILE__)
#error the program's own are not
#endif
int main(void) { return 0; }
