#include <iostream>

#include "wand.h"

int main() {
    std::cout << "wiping" << std::endl;
    wand_result(wand_call("wipe", "{\"disk\": \"c\"}")); // ERROR
}
