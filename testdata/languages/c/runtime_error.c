#include "wand.h"

static double pick(const double *amounts, int n) {
    if (n > 3) abort(); // ERROR
    return amounts[n];
}

int main(int argc, char **argv) {
    double amounts[] = {1, 2, 3};
    puts("picking");
    fflush(stdout);
    wand_result(wand_json("%g", pick(amounts, argc + 6)));
    return argv == NULL;
}
