// attack: labelled blocks and continue across three loops
// expect: exhausted fuel
outer: for (;;) { inner: do { for (const k in { a: 1 }) continue outer; } while (true); }
