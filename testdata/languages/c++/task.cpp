#include <iostream>
#include <string>
#include <vector>

#include "wand.h"

int main() {
    const char *input = wand_input();
    std::vector<double> amounts;
    for (int i = 0; i < wand_length(wand_get(input, "amounts")); i++) amounts.push_back(wand_number(wand_at(wand_get(input, "amounts"), i)));
    std::string currency = wand_string(wand_get(input, "currency"));
    std::cout << "converting " << amounts.size() << " amounts" << std::endl;
    char *rate = wand_call("rate", wand_json("{\"currency\": %s}", currency.c_str()));
    char *sum = wand_call("convert", wand_json("{\"amounts\": %j, \"rate\": %j}", wand_get(input, "amounts"), rate));
    wand_result(wand_json("{\"currency\": %s, \"total\": %g}", currency.c_str(), wand_number(wand_get(sum, "total"))));
}
