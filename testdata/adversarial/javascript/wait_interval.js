// attack: an interval that never stops
// expect: exhausted deadline
// limits: deadline=400ms
setInterval(() => {}, 10);
