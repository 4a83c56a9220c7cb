// Host calls under way. A call that was started goes on while the program does something else; when nothing is left to do, the event loop
// (lib/timers.js) waits here, and what ended is settled.

const waiting = { __proto__: null }; // by the call's number: what to call with the reply
let count = 0;

// start begins a host call and returns its number; settle(reply) gets the reply's JSON text when it has ended.
function start(name, text, settle) {
  const number = native.startCall(name, text);
  waiting[number] = settle;
  count++;
  return number;
}

// abandon forgets a call: its reply is lost, and the program's end does not wait for it.
function abandon(number) {
  if (waiting[number] === undefined) return;
  delete waiting[number];
  count--;
}

// wait waits at most ms milliseconds (less than 0: until a call ends), settles one call, and says whether one ended.
function wait(ms) {
  const ended = native.wait(ms);
  if (ended === null) count = 0; // the host knows of none
  if (ended === undefined || ended === null) return false;
  const settle = waiting[ended[0]];
  if (settle !== undefined) {
    delete waiting[ended[0]];
    count--;
    settle(ended[1]);
  }
  return true;
}

module.exports = { start, abandon, wait, underWay: () => count };
