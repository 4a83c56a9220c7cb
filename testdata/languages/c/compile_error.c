#include <stdio.h>

int main(void) {
    int amounts = 3 // ERROR
    printf("converting %d amounts\n", amounts);
    return 0;
}
