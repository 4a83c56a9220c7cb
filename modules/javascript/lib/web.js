// What programs know from browsers: DOMException, events, AbortController, structuredClone, performance, Blob in its simplest form.

const { inspect } = internal('inspect');
const customInspect = inspect.custom;

const codes = {
  IndexSizeError: 1, NotFoundError: 8, NotSupportedError: 9, InvalidStateError: 11, SyntaxError: 12, InvalidAccessError: 15,
  TypeMismatchError: 17, SecurityError: 18, NetworkError: 19, AbortError: 20, URLMismatchError: 21, QuotaExceededError: 22,
  TimeoutError: 23, DataCloneError: 25, InvalidCharacterError: 5,
};

class DOMException extends Error {
  constructor(message = '', options = 'Error') {
    super(message);
    const name = typeof options === 'object' && options !== null ? options.name || 'Error' : `${options}`;
    Object.defineProperty(this, 'name', { value: name, configurable: true, writable: true, enumerable: false });
    Object.defineProperty(this, 'code', { value: codes[name] || 0, configurable: true, enumerable: false });
    if (typeof options === 'object' && options !== null && 'cause' in options) Object.defineProperty(this, 'cause', { value: options.cause, configurable: true, writable: true });
    if (typeof this.stack === 'string') this.stack = this.stack.replace(/^\w+/, `${name}`);
  }
}
Object.defineProperty(DOMException.prototype, Symbol.toStringTag, { value: 'DOMException', configurable: true });

// ---- events ----

class Event {
  #type;
  #options;
  #prevented = false;
  #target = null;
  #stopped = false;
  timeStamp = native.monotonic();
  constructor(type, options = {}) {
    this.#type = `${type}`;
    this.#options = options || {};
    Object.defineProperty(this, 'timeStamp', { enumerable: false });
  }
  get type() {
    return this.#type;
  }
  get bubbles() {
    return Boolean(this.#options.bubbles);
  }
  get cancelable() {
    return Boolean(this.#options.cancelable);
  }
  get defaultPrevented() {
    return this.#prevented;
  }
  get target() {
    return this.#target;
  }
  get currentTarget() {
    return this.#target;
  }
  preventDefault() {
    if (this.cancelable) this.#prevented = true;
  }
  stopPropagation() {}
  stopImmediatePropagation() {
    this.#stopped = true;
  }
  static dispatch(event, target, entries) {
    event.#target = target;
    for (const entry of entries) {
      if (event.#stopped) break;
      if (entry.once) target.removeEventListener(event.type, entry.f);
      if (typeof entry.f === 'function') entry.f.call(target, event);
      else entry.f.handleEvent(event);
    }
    return !event.#prevented;
  }
  [customInspect](depth, options) {
    return `${this.constructor.name} ${inspect({ type: this.type, defaultPrevented: this.defaultPrevented, cancelable: this.cancelable, timeStamp: this.timeStamp }, options)}`;
  }
}
const { dispatch } = Event;
delete Event.dispatch;

class CustomEvent extends Event {
  #detail;
  constructor(type, options = {}) {
    super(type, options);
    this.#detail = options && options.detail !== undefined ? options.detail : null;
  }
  get detail() {
    return this.#detail;
  }
}

class EventTarget {
  #listeners = new Map();
  addEventListener(type, f, options) {
    if (f === null || f === undefined) return;
    const list = this.#listeners.get(type) || [];
    if (list.some((e) => e.f === f)) return;
    this.#listeners.set(type, [...list, { f, once: Boolean(options && options.once) }]);
    if (options && options.signal) options.signal.addEventListener('abort', () => this.removeEventListener(type, f));
  }
  removeEventListener(type, f) {
    const list = this.#listeners.get(type);
    if (list) this.#listeners.set(type, list.filter((e) => e.f !== f));
  }
  dispatchEvent(event) {
    if (!(event instanceof Event)) throw internal('errors').nodeError(TypeError, 'ERR_INVALID_ARG_TYPE', 'The "event" argument must be an instance of Event.');
    return dispatch(event, this, this.#listeners.get(event.type) || []);
  }
}

const makeSignal = Symbol('makeSignal');

class AbortSignal extends EventTarget {
  #aborted = false;
  #reason;
  onabort = null;
  constructor(key) {
    super();
    if (key !== makeSignal) throw internal('errors').nodeError(TypeError, 'ERR_ILLEGAL_CONSTRUCTOR', 'Illegal constructor');
    Object.defineProperty(this, 'onabort', { enumerable: false });
  }
  get aborted() {
    return this.#aborted;
  }
  get reason() {
    return this.#reason;
  }
  throwIfAborted() {
    if (this.#aborted) throw this.#reason;
  }
  static abortIt(signal, reason) {
    if (signal.#aborted) return;
    signal.#aborted = true;
    signal.#reason = reason === undefined ? new DOMException('This operation was aborted', 'AbortError') : reason;
    const event = new Event('abort');
    if (typeof signal.onabort === 'function') signal.onabort(event);
    signal.dispatchEvent(event);
  }
  static abort(reason) {
    const s = new AbortSignal(makeSignal);
    abortIt(s, reason);
    return s;
  }
  static timeout(ms) {
    const s = new AbortSignal(makeSignal);
    internal('timers').setTimeout(() => abortIt(s, new DOMException('The operation was aborted due to timeout', 'TimeoutError')), ms).unref();
    return s;
  }
  static any(signals) {
    const s = new AbortSignal(makeSignal);
    for (const other of signals) {
      if (other.aborted) {
        abortIt(s, other.reason);
        break;
      }
      other.addEventListener('abort', () => abortIt(s, other.reason));
    }
    return s;
  }
  [customInspect](depth, options) {
    return `AbortSignal ${inspect({ aborted: this.aborted }, options)}`;
  }
}
const { abortIt } = AbortSignal;
delete AbortSignal.abortIt;

class AbortController {
  #signal = new AbortSignal(makeSignal);
  get signal() {
    return this.#signal;
  }
  abort(reason) {
    abortIt(this.#signal, reason);
  }
  [customInspect](depth, options) {
    return `AbortController ${inspect({ signal: this.signal }, options)}`;
  }
}

// ---- structuredClone ----

const errorTypes = { EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError };

function structuredClone(value, options) {
  if (arguments.length === 0) throw internal('errors').nodeError(TypeError, 'ERR_MISSING_ARGS', "The \"value\" argument must be specified");
  const seen = new Map();
  const copy = cloneValue(value, seen);
  if (options && options.transfer) for (const b of options.transfer) if (typeof b.transfer === 'function') b.transfer();
  return copy;
}

function refuse(value) {
  let text;
  try {
    text = typeof value === 'symbol' || typeof value === 'function' ? String(value) : `#<${value.constructor ? value.constructor.name : 'Object'}>`;
  } catch {
    text = 'value';
  }
  throw new DOMException(`${text} could not be cloned.`, 'DataCloneError');
}

function cloneValue(value, seen) {
  if (typeof value === 'symbol' || typeof value === 'function') refuse(value);
  if (typeof value !== 'object' || value === null) return value;
  const known = seen.get(value);
  if (known !== undefined) return known;
  const keep = (copy) => {
    seen.set(value, copy);
    return copy;
  };
  const kind = native.classOf(value);
  switch (kind) {
    case 'Date':
      return keep(new Date(Date.prototype.getTime.call(value)));
    case 'RegExp':
      return keep(new RegExp(value.source, value.flags));
    case 'Number':
    case 'String':
    case 'Boolean':
    case 'BigInt':
      return keep(Object(value.valueOf()));
    case 'ArrayBuffer':
      return keep(value.slice(0));
    case 'Map': {
      const copy = keep(new Map());
      for (const [k, v] of [...Map.prototype.entries.call(value)]) copy.set(cloneValue(k, seen), cloneValue(v, seen));
      return copy;
    }
    case 'Set': {
      const copy = keep(new Set());
      for (const v of [...Set.prototype.values.call(value)]) copy.add(cloneValue(v, seen));
      return copy;
    }
    case 'Error': {
      const Type = Object.prototype.hasOwnProperty.call(errorTypes, value.name) ? errorTypes[value.name] : Error;
      const copy = keep(new Type(value.message));
      if (typeof value.stack === 'string') copy.stack = value.stack;
      if ('cause' in value) Object.defineProperty(copy, 'cause', { value: cloneValue(value.cause, seen), writable: true, configurable: true, enumerable: false });
      return copy;
    }
    case 'Promise':
    case 'WeakMap':
    case 'WeakSet':
    case 'WeakRef':
    case 'Generator':
    case 'Proxy':
      refuse(value);
  }
  if (ArrayBuffer.isView(value)) {
    const buffer = cloneValue(value.buffer, seen);
    if (kind === 'DataView') return keep(new DataView(buffer, value.byteOffset, value.byteLength));
    return keep(new globalThis[kind](buffer, value.byteOffset, value.length));
  }
  if (Array.isArray(value)) {
    const copy = keep(new Array(value.length));
    for (const k of Object.keys(value)) copy[k] = cloneValue(value[k], seen);
    return copy;
  }
  const copy = keep({});
  for (const k of Object.keys(value)) copy[k] = cloneValue(value[k], seen);
  return copy;
}

// ---- performance ----

class Performance extends EventTarget {
  #start = 0;
  #entries = [];
  now() {
    if (this.#start === 0) this.#start = native.monotonic() - 1;
    return native.monotonic() - this.#start;
  }
  get timeOrigin() {
    return native.realtime() - this.now();
  }
  mark(name, options) {
    return this.#add({ name, entryType: 'mark', startTime: options && options.startTime !== undefined ? options.startTime : this.now(), duration: 0, detail: null });
  }
  measure(name, from, to) {
    const time = (m) => (typeof m === 'number' ? m : (this.#entries.findLast((e) => e.name === m) || { startTime: 0 }).startTime);
    const start = from === undefined ? 0 : time(from);
    const end = to === undefined ? this.now() : time(to);
    return this.#add({ name, entryType: 'measure', startTime: start, duration: end - start, detail: null });
  }
  #add(entry) {
    this.#entries.push(entry);
    return entry;
  }
  getEntries() {
    return [...this.#entries];
  }
  getEntriesByName(name) {
    return this.#entries.filter((e) => e.name === name);
  }
  getEntriesByType(type) {
    return this.#entries.filter((e) => e.entryType === type);
  }
  clearMarks() {
    this.#entries = [];
  }
  clearMeasures() {
    this.#entries = [];
  }
  timerify(f) {
    return f;
  }
  toJSON() {
    return { timeOrigin: this.timeOrigin };
  }
}

module.exports = {
  globals: { DOMException, Event, CustomEvent, EventTarget, AbortSignal, AbortController, structuredClone, performance: new Performance() },
};
