// attack: embeds a file into the module
// expect: error
#include <stdio.h>
static const unsigned char text[] = {
#embed "/etc/passwd"
};
int main(void) { fwrite(text, 1, sizeof text, stdout); return 0; }
