// attack: guesses where others are compiled at the same time
// expect: error
#include "../secret.txt"
int main(void) { return 0; }
