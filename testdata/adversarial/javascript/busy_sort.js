// attack: a comparator that never returns, called from C
// expect: exhausted fuel
[3, 2, 1].sort(() => { for (;;); });
