/* Asks for the weather of several towns side by side, goes on without those that have none, and gives the warmest. */
#include "wand.h"

int main(void) {
    const char *towns = wand_get(wand_input(), "towns");
    int n = wand_length(towns), first = 0;
    for (int i = 0; i < n; i++) {
        int number = wand_start("weather", wand_json("{\"town\": %j}", wand_at(towns, i)));
        if (i == 0) first = number;
    }

    char *warmest = NULL;
    double most = 0;
    char *value;
    wand_error error;
    for (int number; (number = wand_wait(&value, &error)) > 0;) {
        char *town = wand_string(wand_at(towns, number - first));
        if (!value) {
            fprintf(stderr, "%s: %s\n", town, error.message);
            continue;
        }
        double degrees = wand_number(wand_get(value, "degrees"));
        if (!warmest || degrees > most) warmest = town, most = degrees;
    }
    wand_result(wand_json("{\"warmest\": %s, \"degrees\": %g}", warmest, most));
    return 0;
}
