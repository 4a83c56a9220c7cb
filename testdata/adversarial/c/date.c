// attack: asks for the time of the machine
// expect: error | module
int main(void) { return sizeof __DATE__ __TIME__ __TIMESTAMP__; }
