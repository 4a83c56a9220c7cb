// attack: hides the name of the file behind macros
// expect: error
#define S(x) #x
#define E(x) S(x)
#include E(/etc/passwd)
int main(void) { return 0; }
