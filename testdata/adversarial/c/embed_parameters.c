// attack: embeds the first bytes of a file, or others where it is not there
// expect: error
int main(void) { return (int[]){
#embed "/etc/passwd" limit(1) if_empty(7)
}[0]; }
