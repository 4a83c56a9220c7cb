// attack: timers that start two timers each
// expect: exhausted fuel | exhausted memory | exhausted deadline
// because: three limits race
// limits: deadline=5s
function f() { setTimeout(f, 0); setTimeout(f, 0); }
f();
