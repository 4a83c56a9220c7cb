#include <stdio.h>

static int ratio(int a, int b) {
    return a / b;
}

int main(int argc, char **argv) {
    puts("per argument:");
    printf("%d\n", ratio(100, argc - 1));
}
