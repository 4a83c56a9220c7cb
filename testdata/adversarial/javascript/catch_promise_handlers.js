// attack: an endless loop whose end every kind of promise handler waits for
// expect: exhausted fuel
async function forever() { for (;;); }
await forever().catch(() => forever()).finally(() => forever()).then(forever, forever);
