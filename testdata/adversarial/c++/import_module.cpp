// attack: imports a module
// expect: error
import passwd;
int main() { return 0; }
