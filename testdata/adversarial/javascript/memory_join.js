// attack: a join of ten billion characters, made of little
// expect: exhausted memory
Array(1e6).fill('x'.repeat(1e4)).join();
