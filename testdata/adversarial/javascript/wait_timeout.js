// attack: sleep for eleven days
// expect: exhausted deadline
// limits: deadline=400ms
setTimeout(() => {}, 1e9);
