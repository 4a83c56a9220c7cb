// attack: makes a warning of each line
// expect: module | stopped
// expand: LINE 100000 "#warning number {i}\n"
@@LINE@@
int main(void) { return 0; }
