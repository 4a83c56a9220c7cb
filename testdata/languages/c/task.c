#include "wand.h"

int main(void) {
    const char *input = wand_input();
    const char *amounts = wand_get(input, "amounts");
    const char *currency = wand_get(input, "currency");
    printf("converting %d amounts\n", wand_length(amounts));
    char *rate = wand_call("rate", wand_json("{\"currency\": %j}", currency));
    char *sum = wand_call("convert", wand_json("{\"amounts\": %j, \"rate\": %j}", amounts, rate));
    wand_result(wand_json("{\"currency\": %j, \"total\": %j}", currency, wand_get(sum, "total")));
    return 0;
}
