// Node's EventEmitter.

function checkListener(f) {
  if (typeof f === 'function') return;
  throw internal('errors').nodeError(TypeError, 'ERR_INVALID_ARG_TYPE',
    `The "listener" argument must be of type function. Received ${f === null || f === undefined ? f : `type ${typeof f}`}`);
}

// A plain function, so that old programs may call it on their own object: EventEmitter.call(this).
function EventEmitter() {
  if (this._events === undefined || this._events === Object.getPrototypeOf(this)._events) {
    this._events = Object.create(null);
    this._eventsCount = 0;
  }
  this._maxListeners = this._maxListeners || undefined;
}

const table = (emitter) => (emitter._events ??= Object.create(null));

function add(emitter, name, f, once, first) {
  checkListener(f);
  const events = table(emitter);
  if (events.newListener !== undefined) emitter.emit('newListener', name, f);
  const entry = { f, once };
  const list = events[name];
  if (list === undefined) {
    events[name] = [entry];
    emitter._eventsCount = (emitter._eventsCount || 0) + 1;
  } else if (first) {
    list.unshift(entry);
  } else {
    list.push(entry);
  }
  return emitter;
}

const methods = {
  on(name, f) {
    return add(this, name, f, false, false);
  },
  once(name, f) {
    return add(this, name, f, true, false);
  },
  prependListener(name, f) {
    return add(this, name, f, false, true);
  },
  prependOnceListener(name, f) {
    return add(this, name, f, true, true);
  },
  off(name, f) {
    const events = table(this);
    const list = events[name];
    if (list === undefined) return this;
    const i = list.findLastIndex((e) => e.f === f);
    if (i < 0) return this;
    if (list.length === 1) {
      delete events[name];
      this._eventsCount--;
    } else {
      events[name] = list.toSpliced(i, 1); // an emit that is under way keeps its own list
    }
    if (events.removeListener !== undefined) this.emit('removeListener', name, f);
    return this;
  },
  emit(name, ...args) {
    const list = table(this)[name];
    if (list === undefined) {
      if (name !== 'error') return false;
      const e = args[0];
      if (e instanceof Error) throw e;
      throw internal('errors').nodeError(Error, 'ERR_UNHANDLED_ERROR', `Unhandled error. (${internal('inspect').inspect(e)})`);
    }
    for (const entry of [...list]) {
      if (entry.once) this.off(name, entry.f);
      entry.f.apply(this, args);
    }
    return true;
  },
  removeAllListeners(name) {
    if (name === undefined) {
      this._events = Object.create(null);
      this._eventsCount = 0;
    } else if (table(this)[name] !== undefined) {
      delete this._events[name];
      this._eventsCount--;
    }
    return this;
  },
  listeners(name) {
    return (table(this)[name] || []).map((e) => e.f);
  },
  rawListeners(name) {
    return this.listeners(name);
  },
  listenerCount(name) {
    return (table(this)[name] || []).length;
  },
  eventNames() {
    return Reflect.ownKeys(table(this));
  },
  setMaxListeners(n) {
    this._maxListeners = n;
    return this;
  },
  getMaxListeners() {
    return this._maxListeners ?? EventEmitter.defaultMaxListeners;
  },
};
methods.addListener = methods.on;
methods.removeListener = methods.off;
for (const k of Object.keys(methods)) Object.defineProperty(EventEmitter.prototype, k, { value: methods[k], writable: true, enumerable: true, configurable: true });

EventEmitter.defaultMaxListeners = 10;
EventEmitter.EventEmitter = EventEmitter;
EventEmitter.errorMonitor = Symbol('events.errorMonitor');

EventEmitter.once = (emitter, name) => new Promise((resolve, reject) => {
  if (typeof emitter.addEventListener === 'function' && typeof emitter.on !== 'function') {
    emitter.addEventListener(name, (event) => resolve([event]), { once: true });
    return;
  }
  const done = (...args) => {
    emitter.off('error', failed);
    resolve(args);
  };
  const failed = (e) => {
    emitter.off(name, done);
    reject(e);
  };
  emitter.once(name, done);
  if (name !== 'error') emitter.once('error', failed);
});

EventEmitter.on = (emitter, name) => {
  const queue = [];
  const waiting = [];
  let failure;
  emitter.on(name, (...args) => (waiting.length > 0 ? waiting.shift().resolve({ value: args, done: false }) : queue.push(args)));
  if (name !== 'error') {
    emitter.on('error', (e) => {
      failure = e;
      if (waiting.length > 0) waiting.shift().reject(e);
    });
  }
  return {
    next() {
      if (queue.length > 0) return Promise.resolve({ value: queue.shift(), done: false });
      if (failure) return Promise.reject(failure);
      return new Promise((resolve, reject) => waiting.push({ resolve, reject }));
    },
    return() {
      return Promise.resolve({ value: undefined, done: true });
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
};
EventEmitter.listenerCount = (emitter, name) => emitter.listenerCount(name);

module.exports = EventEmitter;
