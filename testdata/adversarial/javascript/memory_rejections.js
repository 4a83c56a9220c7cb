// attack: rejections that nobody handles, made in one turn
// expect: exhausted memory | exhausted fuel
// because: each is held until the turn ends, which it never does
for (;;) Promise.reject(new Error('x'));
