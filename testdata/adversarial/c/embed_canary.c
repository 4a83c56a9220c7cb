// attack: embeds a file of the same user
// expect: error
#include <stdio.h>
static const unsigned char text[] = {
#embed "@CANARY@"
};
int main(void) { fwrite(text, 1, sizeof text, stdout); return 0; }
