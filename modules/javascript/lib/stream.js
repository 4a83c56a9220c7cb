// Streams, as far as programs without a network use them: Readable, Writable, Transform, pipe, pipeline, and async iteration.

const EventEmitter = internal('events');
const { nextTick } = internal('timers');
const { Buffer } = internal('buffer');

class Stream extends EventEmitter {}

class Readable extends Stream {
  constructor(options = {}) {
    super();
    const hidden = { chunks: [], flowing: false, ended: false, finished: false, reading: false, options, decoder: null };
    for (const k of Object.keys(hidden)) Object.defineProperty(this, `_${k}`, { value: hidden[k], writable: true, enumerable: false });
    this.readable = true;
    this.destroyed = false;
    if (typeof options.read === 'function') this._read = options.read;
  }
  static from(items, options = {}) {
    const iterator = (items[Symbol.asyncIterator] || items[Symbol.iterator]).call(items);
    return new Readable({
      objectMode: true,
      ...options,
      read() {
        Promise.resolve(iterator.next()).then(({ value, done }) => this.push(done ? null : value), (e) => this.destroy(e));
      },
    });
  }
  _read() {}
  setEncoding(encoding) {
    this._decoder = new (internal('buffer').stringDecoder.StringDecoder)(encoding);
    return this;
  }
  push(chunk) {
    this._reading = false;
    if (chunk === null) {
      this._ended = true;
      const rest = this._decoder ? this._decoder.end() : '';
      if (rest) this._chunks.push(rest);
    } else {
      if (!this._options.objectMode && typeof chunk === 'string' && !this._decoder && !this._options.encoding) chunk = Buffer.from(chunk);
      if (this._decoder && typeof chunk !== 'string') chunk = this._decoder.write(chunk);
      this._chunks.push(chunk);
    }
    if (this._flowing) nextTick(() => this._flow());
    else nextTick(() => this.emit('readable'));
    return this._chunks.length < 16;
  }
  read() {
    if (this._chunks.length === 0) {
      this._pull();
      return null;
    }
    return this._chunks.shift();
  }
  _pull() {
    if (this._reading || this._ended || this.destroyed) return;
    this._reading = true;
    try {
      this._read();
    } catch (e) {
      this.destroy(e);
    }
  }
  _flow() {
    while (this._flowing && this._chunks.length > 0) this.emit('data', this._chunks.shift());
    if (!this._flowing || this._finished || this.destroyed) return;
    if (this._ended && this._chunks.length === 0) {
      this._finished = true;
      this.readable = false;
      this.emit('end');
      this.emit('close');
    } else {
      this._pull();
    }
  }
  on(name, f) {
    super.on(name, f);
    if (name === 'data') this.resume();
    if (name === 'readable') nextTick(() => this._pull());
    return this;
  }
  addListener(name, f) {
    return this.on(name, f);
  }
  resume() {
    if (!this._flowing) {
      this._flowing = true;
      nextTick(() => this._flow());
    }
    return this;
  }
  pause() {
    this._flowing = false;
    return this;
  }
  isPaused() {
    return !this._flowing;
  }
  unref() {
    return this;
  }
  ref() {
    return this;
  }
  pipe(target) {
    this.on('data', (chunk) => target.write(chunk));
    this.on('end', () => {
      if (target !== internal('process').processObject.stdout && target !== internal('process').processObject.stderr) target.end();
    });
    target.emit('pipe', this);
    return target;
  }
  destroy(error) {
    if (this.destroyed) return this;
    this.destroyed = true;
    this.readable = false;
    nextTick(() => {
      if (error) this.emit('error', error);
      this.emit('close');
    });
    return this;
  }
  async *[Symbol.asyncIterator]() {
    const queue = [];
    let wake;
    let failure;
    let done = false;
    const signal = () => {
      if (wake) wake();
    };
    this.on('end', () => {
      done = true;
      signal();
    });
    this.on('close', () => {
      done = true;
      signal();
    });
    this.on('error', (e) => {
      failure = e;
      signal();
    });
    this.on('data', (chunk) => {
      queue.push(chunk);
      signal();
    });
    for (;;) {
      while (queue.length > 0) yield queue.shift();
      if (failure) throw failure;
      if (done) return;
      await new Promise((resolve) => {
        wake = resolve;
      });
    }
  }
  async toArray() {
    const all = [];
    for await (const chunk of this) all.push(chunk);
    return all;
  }
}

class Writable extends Stream {
  constructor(options = {}) {
    super();
    setUpWriting(this, options);
  }
}

function setUpWriting(self, options) {
  const hidden = { queue: [], busy: false, ending: false, done: false };
  for (const k of Object.keys(hidden)) Object.defineProperty(self, `_w_${k}`, { value: hidden[k], writable: true, enumerable: false });
  Object.defineProperty(self, '_writeOptions', { value: options, enumerable: false });
  self.writable = true;
  for (const k of ['write', 'final', 'writev']) if (typeof options[k] === 'function') self[`_${k}`] = options[k];
}

const writing = {
  write(chunk, encoding, done) {
    if (typeof encoding === 'function') [done, encoding] = [encoding, undefined];
    if (this._w_ending) {
      const e = internal('errors').nodeError(Error, 'ERR_STREAM_WRITE_AFTER_END', 'write after end');
      nextTick(() => this.emit('error', e));
      return false;
    }
    if (!this._writeOptions.objectMode && !(this._writeOptions.decodeStrings === false) && typeof chunk === 'string') chunk = Buffer.from(chunk, encoding);
    this._w_queue.push([chunk, encoding || 'buffer', done]);
    this._drain();
    return this._w_queue.length < 16;
  },
  _drain() {
    if (this._w_busy) return;
    const next = this._w_queue.shift();
    if (next === undefined) {
      if (this._w_ending && !this._w_done) {
        this._w_done = true;
        const end = () => {
          this.writable = false;
          nextTick(() => {
            this.emit('finish');
            if (!(this instanceof Readable)) this.emit('close');
          });
        };
        if (this._final) this._final((e) => (e ? this.emit('error', e) : end()));
        else end();
      } else if (!this._w_ending) {
        nextTick(() => this.emit('drain'));
      }
      return;
    }
    this._w_busy = true;
    const [chunk, encoding, done] = next;
    const after = (e) => {
      this._w_busy = false;
      if (typeof done === 'function') nextTick(() => done(e));
      if (e) this.emit('error', e);
      else nextTick(() => this._drain());
    };
    try {
      this._write(chunk, encoding, after);
    } catch (e) {
      after(e);
    }
  },
  _write(chunk, encoding, done) {
    done();
  },
  end(chunk, encoding, done) {
    if (typeof chunk === 'function') [done, chunk] = [chunk, undefined];
    if (chunk !== undefined && chunk !== null) this.write(chunk, encoding);
    if (typeof done === 'function') this.once('finish', done);
    this._w_ending = true;
    nextTick(() => this._drain());
    return this;
  },
  cork() {},
  uncork() {},
  setDefaultEncoding() {
    return this;
  },
};
for (const k of Object.keys(writing)) Object.defineProperty(Writable.prototype, k, { value: writing[k], writable: true, configurable: true });
Object.defineProperty(Writable.prototype, 'destroy', { value: Readable.prototype.destroy, writable: true, configurable: true });

class Duplex extends Readable {
  constructor(options = {}) {
    super(options);
    setUpWriting(this, options);
  }
}
for (const k of Object.keys(writing)) Object.defineProperty(Duplex.prototype, k, { value: writing[k], writable: true, configurable: true });

class Transform extends Duplex {
  constructor(options = {}) {
    super(options);
    if (typeof options.transform === 'function') this._transform = options.transform;
    if (typeof options.flush === 'function') this._flush = options.flush;
  }
  _write(chunk, encoding, done) {
    this._transform(chunk, encoding, (e, data) => {
      if (!e && data !== undefined && data !== null) this.push(data);
      done(e);
    });
  }
  _final(done) {
    const end = (e, data) => {
      if (!e && data !== undefined && data !== null) this.push(data);
      if (!e) this.push(null);
      done(e);
    };
    if (this._flush) this._flush(end);
    else end();
  }
}

class PassThrough extends Transform {
  _transform(chunk, encoding, done) {
    done(null, chunk);
  }
}

function finished(stream, options, done) {
  if (typeof options === 'function') done = options;
  let called = false;
  const call = (e) => {
    if (called) return;
    called = true;
    done(e);
  };
  stream.on('error', call);
  stream.on(stream instanceof Readable && !(stream instanceof Duplex) ? 'end' : 'finish', () => call());
  return () => {};
}

function pipeline(...streams) {
  let done = typeof streams[streams.length - 1] === 'function' && streams.length > 1 && !(streams[streams.length - 1] instanceof Stream) ? streams.pop() : () => {};
  if (Array.isArray(streams[0])) [streams] = streams;
  if (!(streams[0] instanceof Stream)) streams[0] = Readable.from(streams[0]);
  let called = false;
  const call = (e) => {
    if (called) return;
    called = true;
    done(e);
  };
  for (const s of streams) s.on('error', call);
  for (let i = 0; i + 1 < streams.length; i++) streams[i].pipe(streams[i + 1]);
  streams[streams.length - 1].on('finish', () => call());
  return streams[streams.length - 1];
}

const promises = {
  pipeline: (...streams) => new Promise((resolve, reject) => pipeline(...streams, (e) => (e ? reject(e) : resolve()))),
  finished: (stream) => new Promise((resolve, reject) => finished(stream, (e) => (e ? reject(e) : resolve()))),
};

// ---- files ----

function readFileStream(file, options = {}) {
  if (typeof options === 'string') options = { encoding: options };
  const { sync } = internal('fs');
  let fd;
  const size = options.highWaterMark || 65536;
  let left = options.end === undefined ? Infinity : options.end - (options.start || 0) + 1;
  const stream = new Readable({
    read() {
      try {
        if (fd === undefined) {
          fd = sync.open(file, 'r');
          if (options.start) native.seek(fd, options.start);
          this.emit('open', fd);
        }
        const buffer = Buffer.alloc(Math.min(size, left));
        const n = buffer.length === 0 ? 0 : sync.read(fd, buffer);
        left -= n;
        if (n === 0) sync.close(fd);
        this.push(n === 0 ? null : buffer.subarray(0, n));
      } catch (e) {
        this.destroy(e);
      }
    },
  });
  if (options.encoding) stream.setEncoding(options.encoding);
  stream.path = file;
  return stream;
}

function writeFileStream(file, options = {}) {
  if (typeof options === 'string') options = { encoding: options };
  const { sync } = internal('fs');
  const fd = sync.open(file, options.flags || 'w');
  const stream = new Writable({
    write(chunk, encoding, done) {
      sync.write(fd, chunk);
      stream.bytesWritten += chunk.length;
      done();
    },
    final(done) {
      sync.close(fd);
      done();
    },
  });
  stream.path = file;
  stream.bytesWritten = 0;
  return stream;
}

module.exports = Object.assign(Stream, { Stream, Readable, Writable, Duplex, Transform, PassThrough, pipeline, finished, promises, readFileStream, writeFileStream });
