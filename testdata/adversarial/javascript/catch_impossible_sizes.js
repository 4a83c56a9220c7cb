// attack: sizes that the engine refuses by itself, caught, for ever
// expect: exhausted fuel
for (;;) { try { 'x'.repeat(2 ** 40); } catch { /* on */ } }
