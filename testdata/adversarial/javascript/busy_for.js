// attack: a loop with no condition at all, around a switch
// expect: exhausted fuel
for (;;) switch (1) { default: continue; }
