// Host calls under way. A call that was started goes on while the program does something else; when nothing is left to do, the event loop
// (lib/timers.js) waits here, and what ended is settled.

const waiting = { __proto__: null }; // calls by their numbers
let count = 0;
// The call that was started when there was no other: most programs make one call at a time.
let single = 0;
let singleCall;
let settle;

// settleWith says what to call with a call and its reply when it has ended.
function settleWith(f) {
  settle = f;
}

// start begins a host call and returns its number; call is what settle gets beside the reply.
function start(name, text, call) {
  const number = native.startCall(name, text);
  if (count++ === 0) {
    single = number;
    singleCall = call;
  } else {
    waiting[number] = call;
  }
  return number;
}

// remove takes a call out, once.
function remove(number) {
  let call;
  if (number === single) {
    call = singleCall;
    single = 0;
    singleCall = undefined;
  } else {
    call = waiting[number];
    if (call === undefined) return undefined;
    delete waiting[number];
  }
  count--;
  return call;
}

// abandon forgets a call: its reply is lost, and the program's end does not wait for it.
function abandon(number) {
  remove(number);
}

// wait waits at most ms milliseconds (less than 0: until a call ends), settles one call, and says whether one ended.
function wait(ms) {
  const ended = native.wait(ms);
  if (ended === null) count = 0; // the host knows of none
  if (ended === undefined || ended === null) return false;
  const call = remove(ended[0]);
  if (call !== undefined) settle(call, ended[1]);
  return true;
}

// forget drops the calls of a turn that is over; the host has ended them.
function forget() {
  for (const number in waiting) delete waiting[number];
  single = 0;
  singleCall = undefined;
  count = 0;
}

module.exports = { settleWith, start, abandon, wait, forget, underWay: () => count };
