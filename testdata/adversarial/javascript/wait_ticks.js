// attack: ticks, microtasks and immediates that keep the timers from ever running
// expect: exhausted fuel
function tick() { process.nextTick(tick); queueMicrotask(() => {}); }
setTimeout(() => process.exit(0), 0);
tick();
