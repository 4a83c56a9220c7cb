// attack: finalisation callbacks that make new garbage with finalisers
// expect: exhausted fuel | exhausted memory
// because: the registry's own records may grow faster than they are cleared
const registry = new FinalizationRegistry(() => make());
function make() { registry.register({}, 1); }
for (;;) { make(); await null; }
