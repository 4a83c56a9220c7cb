// attack: names imports that no program gets
// expect: module
__attribute__((import_module("env"), import_name("system"))) int system_of_the_host(const char *);
int main(void) { return system_of_the_host("id"); }
