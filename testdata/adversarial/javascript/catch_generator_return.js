// attack: closing a generator runs its finally, which never ends
// expect: exhausted fuel
function* g() { try { yield 1; } finally { for (;;); } }
for (const x of g()) break;
