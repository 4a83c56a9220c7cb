// attack: includes itself twice, so that each level doubles
// expect: error
// says: nested too deeply
#include __FILE__
#include __FILE__
int main(void) { return 0; }
