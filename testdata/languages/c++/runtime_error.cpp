#include <iostream>
#include <vector>

#include "wand.h"

static double pick(const std::vector<double> &amounts, unsigned n) {
    if (n >= amounts.size()) __builtin_trap(); // ERROR
    return amounts[n];
}

int main(int argc, char **argv) {
    std::vector<double> amounts = {1, 2, 3};
    std::cout << "picking" << std::endl;
    wand_result(wand_json("%g", pick(amounts, argc + 6)));
    return argv == nullptr;
}
