#include <string>

int main() {
    std::string amounts = 3; // ERROR
    return amounts.size();
}
