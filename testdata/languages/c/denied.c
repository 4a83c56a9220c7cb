#include "wand.h"

int main(void) {
    puts("wiping");
    wand_result(wand_call("wipe", "{\"disk\": \"c\"}")); // ERROR
    return 0;
}
