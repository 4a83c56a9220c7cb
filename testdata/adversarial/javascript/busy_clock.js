// attack: wait for a moment that never comes by asking the clock
// expect: exhausted fuel | exhausted deadline
// because: a clock call costs little fuel but real time
// limits: fuel=400M deadline=3s
while (Date.now() < Infinity);
