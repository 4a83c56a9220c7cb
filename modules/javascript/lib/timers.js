// Timers, immediates, process.nextTick and queueMicrotask. lib/run.js asks for the next thing to do; nothing here blocks
// but sleep, which the host serves, so that waiting costs no fuel.

const { inspect } = internal('inspect');
const calls = internal('calls');

let nextId = 1;
let heap = []; // timers by time, then by order of creation
let immediates = [];
let ticks = [];
const byId = new Map();

class Timeout {
  constructor(f, args, delay, repeat) {
    this._idleTimeout = delay;
    this._onTimeout = f;
    this._repeat = repeat ? delay : null;
    this._destroyed = false;
    hide(this, { args, id: nextId++, due: native.monotonic() + delay, counts: true });
    byId.set(this.id, this);
    push(this);
  }
  ref() {
    this.counts = true;
    return this;
  }
  unref() {
    this.counts = false;
    return this;
  }
  hasRef() {
    return this.counts;
  }
  refresh() {
    if (this._destroyed) return this;
    remove(this);
    this.due = native.monotonic() + this._idleTimeout;
    push(this);
    return this;
  }
  close() {
    clearTimeout(this);
    return this;
  }
  [Symbol.toPrimitive]() {
    return this.id;
  }
}

class Immediate {
  constructor(f, args) {
    this._onImmediate = f;
    hide(this, { args, counts: true });
    immediates.push(this);
  }
  ref() {
    this.counts = true;
    return this;
  }
  unref() {
    this.counts = false;
    return this;
  }
  hasRef() {
    return this.counts;
  }
}

function hide(o, values) {
  for (const k of Object.keys(values)) Object.defineProperty(o, k, { value: values[k], writable: true, enumerable: false, configurable: true });
}

function before(a, b) {
  return a.due < b.due || (a.due === b.due && a.id < b.id);
}

function push(t) {
  let i = heap.length;
  heap.push(t);
  while (i > 0) {
    const up = (i - 1) >> 1;
    if (!before(t, heap[up])) break;
    heap[i] = heap[up];
    i = up;
  }
  heap[i] = t;
}

function pop() {
  const top = heap[0];
  const last = heap.pop();
  if (heap.length > 0) {
    let i = 0;
    for (;;) {
      let c = 2 * i + 1;
      if (c >= heap.length) break;
      if (c + 1 < heap.length && before(heap[c + 1], heap[c])) c++;
      if (!before(heap[c], last)) break;
      heap[i] = heap[c];
      i = c;
    }
    heap[i] = last;
  }
  return top;
}

function remove(t) {
  const i = heap.indexOf(t);
  if (i < 0) return;
  const rest = heap.filter((x) => x !== t);
  heap = [];
  rest.forEach(push);
}

function checkCallback(f) {
  if (typeof f === 'function') return;
  const e = new TypeError(`The "callback" argument must be of type function. Received ${f === null || f === undefined ? f : inspect(f)}`);
  e.code = 'ERR_INVALID_ARG_TYPE';
  throw e;
}

function normalize(delay) {
  delay = +delay;
  return delay >= 1 && delay <= 2147483647 ? Math.trunc(delay) : 1;
}

function setTimeout(f, delay, ...args) {
  checkCallback(f);
  return new Timeout(f, args, normalize(delay), false);
}

function setInterval(f, delay, ...args) {
  checkCallback(f);
  return new Timeout(f, args, normalize(delay), true);
}

function setImmediate(f, ...args) {
  checkCallback(f);
  return new Immediate(f, args);
}

function clearTimeout(t) {
  if (typeof t === 'number' || typeof t === 'string') t = byId.get(+t);
  if (!(t instanceof Timeout) || t._destroyed) return;
  // The heap forgets it when its time comes: a search through the heap for each of many timers is quadratic.
  t._destroyed = true;
  byId.delete(t.id);
}

function clearImmediate(t) {
  if (t instanceof Immediate) t._destroyed = true;
}

function queueMicrotask(f) {
  checkCallback(f);
  Promise.resolve().then(() => {
    try {
      f();
    } catch (e) {
      internal('run').uncaught(e);
    }
  });
}

function nextTick(f, ...args) {
  checkCallback(f);
  ticks.push([f, args]);
}

// runTicks calls what nextTick queued, also what is queued meanwhile, and says whether there was anything.
function runTicks(guard) {
  if (ticks.length === 0) return false;
  while (ticks.length > 0) {
    const queue = ticks;
    ticks = [];
    for (const [f, args] of queue) guard(() => f(...args));
  }
  return true;
}

let callsFirst = false; // calls and timers take turns, so that a flood of one does not starve the other

// runNext calls the immediates or the first timer that is due, or settles a host call, waiting until then; false when nothing keeps the program
// alive.
function runNext(guard) {
  const waiting = calls.underWay() > 0;
  if (waiting && immediates.length === 0 && heap.length === 0) {
    calls.wait(-1);
    return true;
  }
  callsFirst = !callsFirst;
  // A timer that is due goes first, as in Node's order of phases.
  if (waiting && (callsFirst ? calls.wait(0) || dueNow(guard) : dueNow(guard) || calls.wait(0))) return true;
  if (immediates.length > 0) {
    if (dueNow(guard)) return true;
    const t = immediates.shift();
    if (!t._destroyed) guard(() => t._onImmediate(...t.args));
    return true;
  }
  while (heap.length > 0 && heap[0]._destroyed) pop();
  if (waiting) {
    if (!calls.wait(heap.length === 0 ? -1 : Math.max(0, heap[0].due - native.monotonic()))) dueNow(guard);
    return true;
  }
  if (heap.length === 0) return false;
  if (!heap.some((t) => t.counts && !t._destroyed)) return false;
  native.sleep(heap[0].due - native.monotonic());
  dueNow(guard);
  return true;
}

function dueNow(guard) {
  while (heap.length > 0 && heap[0]._destroyed) pop();
  if (heap.length === 0 || heap[0].due > native.monotonic()) return false;
  const t = pop();
  if (t._repeat === null) {
    t._destroyed = true;
    byId.delete(t.id);
  }
  guard(() => t._onTimeout(...t.args));
  if (t._repeat !== null && !t._destroyed) {
    t.due = native.monotonic() + t._repeat;
    push(t);
  }
  return true;
}

// forget cancels what is left of a turn.
function forget() {
  heap.forEach((t) => (t._destroyed = true));
  heap = [];
  immediates = [];
  ticks = [];
  byId.clear();
}

// The promise versions of timers/promises and util.promisify.
const promises = {
  setTimeout: (delay, value) => new Promise((resolve) => setTimeout(resolve, delay, value)),
  setImmediate: (value) => new Promise((resolve) => setImmediate(resolve, value)),
  async *setInterval(delay, value) {
    for (;;) {
      await promises.setTimeout(delay);
      yield value;
    }
  },
};
promises.scheduler = { wait: (delay) => promises.setTimeout(delay), yield: () => promises.setImmediate() };
const promisify = Symbol.for('nodejs.util.promisify.custom');
Object.defineProperty(setTimeout, promisify, { value: promises.setTimeout });
Object.defineProperty(setImmediate, promisify, { value: promises.setImmediate });

module.exports = {
  setTimeout, setInterval, setImmediate, clearTimeout, clearInterval: clearTimeout, clearImmediate, queueMicrotask, nextTick,
  runTicks, runNext, forget, promises, isTimer: (v) => v instanceof Timeout || v instanceof Immediate,
};
