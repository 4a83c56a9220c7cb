// attack: the simplest one: a loop that never ends
// expect: exhausted fuel
while (true);
