// Standard input as a stream, and readline's lines and questions over it or any other stream.

const EventEmitter = internal('events');
const { Readable } = internal('stream');
const { Buffer } = internal('buffer');

function makeStdin() {
  const stdin = new Readable({
    read() {
      const buffer = new Uint8Array(65536);
      const n = native.read(0, buffer);
      this.push(n > 0 ? Buffer.from(buffer.buffer, 0, n) : null);
    },
  });
  stdin.fd = 0;
  stdin.isTTY = false;
  stdin.setRawMode = () => stdin;
  return stdin;
}

class Interface extends EventEmitter {
  #input;
  #output;
  #prompt;
  #started = false;
  #buffer = '';
  #lines = [];
  #questions = [];
  #ended = false;
  #paused = false;
  #decoder = new (internal('buffer').stringDecoder.StringDecoder)('utf8');
  closed = false;
  constructor(input, output) {
    super();
    const options = input && input.input ? input : { input, output };
    this.#input = options.input;
    this.#output = options.output;
    this.#prompt = options.prompt === undefined ? '> ' : options.prompt;
    this.terminal = false;
    this.line = '';
    internal('timers').setImmediate(() => this.#start());
  }
  #start() {
    if (this.#started || this.closed) return;
    this.#started = true;
    this.#input.on('data', (chunk) => {
      this.#buffer += typeof chunk === 'string' ? chunk : this.#decoder.write(chunk);
      const parts = this.#buffer.split(/\r\n|\n|\r(?!$)/);
      this.#buffer = parts.pop();
      this.#lines.push(...parts);
      this.#deliver();
    });
    this.#input.on('end', () => {
      this.#buffer += this.#decoder.end();
      if (this.#buffer !== '') this.#lines.push(this.#buffer);
      this.#buffer = '';
      this.#ended = true;
      this.#deliver();
    });
    this.#input.on('error', (e) => this.emit('error', e));
  }
  #deliver() {
    while (this.#lines.length > 0 && !this.closed) {
      const question = this.#questions.shift();
      if (question) question(this.#lines.shift());
      else if (this.#paused || (this.listenerCount('line') === 0 && this.#asking)) return;
      else this.emit('line', this.#lines.shift());
    }
    if (this.#ended && this.#lines.length === 0) this.close();
  }
  // a program that asks gets its lines one question at a time
  #asking = false;
  question(query, options, done) {
    if (typeof options === 'function') done = options;
    if (this.closed) throw internal('errors').nodeError(Error, 'ERR_USE_AFTER_CLOSE', 'readline was closed');
    this.#asking = true;
    if (this.#output) this.#output.write(query);
    this.#questions.push(done);
    this.#start();
    internal('timers').nextTick(() => this.#deliver());
  }
  setPrompt(text) {
    this.#prompt = text;
  }
  getPrompt() {
    return this.#prompt;
  }
  prompt() {
    if (this.#output) this.#output.write(this.#prompt);
  }
  write() {}
  pause() {
    this.#paused = true;
    this.emit('pause');
    return this;
  }
  resume() {
    this.#paused = false;
    this.emit('resume');
    internal('timers').nextTick(() => this.#deliver());
    return this;
  }
  close() {
    if (this.closed) return;
    this.closed = true;
    if (this.#input.pause) this.#input.pause();
    this.emit('close');
  }
  async *[Symbol.asyncIterator]() {
    const queue = [];
    let wake;
    const signal = () => wake && wake();
    this.on('line', (line) => {
      queue.push(line);
      signal();
    });
    this.on('close', signal);
    for (;;) {
      while (queue.length > 0) yield queue.shift();
      if (this.closed) return;
      await new Promise((resolve) => {
        wake = resolve;
      });
    }
  }
}

class PromiseInterface extends Interface {
  question(query) {
    return new Promise((resolve) => super.question(query, resolve));
  }
}

const readline = {
  Interface,
  createInterface: (input, output) => new Interface(input, output),
  clearLine: () => true,
  cursorTo: () => true,
  moveCursor: () => true,
  clearScreenDown: () => true,
  emitKeypressEvents() {},
  promises: { Interface: PromiseInterface, createInterface: (input, output) => new PromiseInterface(input, output) },
};

module.exports = { makeStdin, readline };
