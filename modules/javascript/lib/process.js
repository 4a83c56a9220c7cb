// The process object. It describes the sandbox, never the machine.

const EventEmitter = internal('events');
const timers = internal('timers');

const processObject = new EventEmitter();
let cwd = '/work';
let startTime = 0;

class Output {
  constructor(fd) {
    this.fd = fd;
    this.writable = true;
    this.isTTY = false;
    this.columns = 80;
  }
}
Object.setPrototypeOf(Output.prototype, EventEmitter.prototype);
Object.assign(Output.prototype, {
  write(chunk, encoding, done) {
    if (typeof encoding === 'function') done = encoding;
    if (typeof chunk !== 'string' && !ArrayBuffer.isView(chunk)) {
      throw internal('errors').nodeError(TypeError, 'ERR_INVALID_ARG_TYPE',
        `The "chunk" argument must be of type string or an instance of Buffer or Uint8Array. Received ${internal('inspect').inspect(chunk)}`);
    }
    native.write(this.fd, chunk);
    if (typeof done === 'function') timers.nextTick(done);
    return true;
  },
  end(chunk, encoding, done) {
    if (chunk !== undefined && typeof chunk !== 'function') this.write(chunk, encoding, done);
    timers.nextTick(() => this.emit('finish'));
    return this;
  },
  cork() {},
  uncork() {},
  getWindowSize: () => [80, 24],
  hasColors: () => false,
  getColorDepth: () => 1,
  clearLine: () => true,
  cursorTo: () => true,
  moveCursor: () => true,
});
for (const k of Object.keys(Output.prototype)) Object.defineProperty(Output.prototype, k, { enumerable: false });

function hrtime(previous) {
  const now = native.monotonic();
  let seconds = Math.floor(now / 1000);
  let nanoseconds = Math.round((now - seconds * 1000) * 1e6);
  if (previous) {
    seconds -= previous[0];
    nanoseconds -= previous[1];
    if (nanoseconds < 0) {
      seconds--;
      nanoseconds += 1e9;
    }
  }
  return [seconds, nanoseconds];
}
hrtime.bigint = () => BigInt(Math.round(native.monotonic() * 1e6));

function memoryUsage() {
  const [linear, used] = native.memory();
  return { rss: linear, heapTotal: linear, heapUsed: used, external: 0, arrayBuffers: 0 };
}
memoryUsage.rss = () => native.memory()[0];

Object.assign(processObject, {
  title: 'wand',
  version: 'v20.0.0',
  versions: { node: '20.0.0', quickjs: '2025-04-26' },
  arch: 'wasm32',
  platform: 'wasi',
  release: { name: 'node' },
  argv: ['node'],
  argv0: 'node',
  execArgv: [],
  execPath: '/usr/bin/node',
  env: {},
  pid: 1,
  ppid: 0,
  exitCode: undefined,
  stdout: new Output(1),
  stderr: new Output(2),
  config: { variables: {} },
  features: {},
  hrtime,
  memoryUsage,
  nextTick: timers.nextTick,
  cwd: () => cwd,
  chdir(dir) {
    const path = internal('path').resolve(cwd, `${dir}`);
    const st = native.stat(path, true);
    if (typeof st === 'number') throw internal('fs').systemError(-st, 'chdir', `${dir}`);
    cwd = path;
  },
  exit(code) {
    if (code !== undefined) processObject.exitCode = code;
    code = processObject.exitCode === undefined ? 0 : Number(processObject.exitCode) | 0;
    processObject.exitCode = code;
    if (!processObject._exiting) {
      processObject._exiting = true;
      processObject.emit('exit', code);
      code = Number(processObject.exitCode) | 0;
    }
    internal('run').exit(code & 255);
  },
  abort() {
    internal('run').exit(134);
  },
  uptime: () => (native.monotonic() - startTime) / 1000,
  umask: () => 0o22,
  cpuUsage() {
    const us = Math.round((native.monotonic() - startTime) * 1000);
    return { user: us, system: 0 };
  },
  resourceUsage: () => ({ maxRSS: native.memory()[0] / 1024 }),
  getuid: () => 0,
  getgid: () => 0,
  geteuid: () => 0,
  getegid: () => 0,
  emitWarning(warning) {
    const text = typeof warning === 'string' ? `Warning: ${warning}` : String(warning);
    native.write(2, `(node:1) ${text}\n`);
  },
  kill() {
    throw internal('errors').unavailable('process.kill', 'A program is alone here: use process.exit to end it.');
  },
  binding() {
    throw internal('errors').unavailable('process.binding', "Use require('fs'), require('path') and the other modules.");
  },
});
Object.defineProperty(processObject, '_exiting', { value: false, writable: true, enumerable: false, configurable: true });
Object.defineProperty(processObject, Symbol.toStringTag, { value: 'process', configurable: true });
let stdin;
Object.defineProperty(processObject, 'stdin', {
  get: () => (stdin ??= internal('readline').makeStdin()),
  enumerable: true,
  configurable: true,
});

// A program's path; most are a plain name.
function atWork(name) {
  return native.home === '/work' && name !== '' && name !== '.' && name !== '..' && name.indexOf('/') < 0 ? '/work/' + name : internal('path').resolve(native.home, name);
}

// values are always strings, as in a real environment
const environmentTraps = {
  set(target, key, value) {
    if (typeof key === 'symbol') return false;
    target[key] = `${value}`;
    return true;
  },
  defineProperty(target, key, d) {
    if ('value' in d) d = { ...d, value: `${d.value}` };
    return Reflect.defineProperty(target, key, d);
  },
};

// What most programs find is made before the first one is known: the name main.js, no arguments, no environment.
processObject.argv = ['/usr/bin/node', '/work/main.js'];
processObject.env = new Proxy({}, environmentTraps);
let lastArgv = 'main.js', lastEnvironment = ''; // as the host gave them

// beginProcess fills in what belongs to one run. In a later turn of a session what the program changed stays, but for what the host gives anew.
function beginProcess(request, later) {
  processObject.exitCode = undefined;
  processObject._exiting = false;
  const argv = request.argv && request.argv.length > 0 ? request.argv : [request.filename || 'main.js'];
  const joined = argv.length === 1 ? argv[0] : argv.join('\0');
  if (later ? request.argv && joined !== lastArgv : joined !== lastArgv || native.home !== '/work') {
    processObject.argv = ['/usr/bin/node', atWork(argv[0]), ...argv.slice(1)];
    lastArgv = joined;
  }
  if (!later) {
    startTime = native.monotonic();
    cwd = native.home;
  }
  const pairs = native.environ();
  const environment = pairs.length === 0 ? '' : pairs.join('\0');
  if (environment === lastEnvironment) return;
  lastEnvironment = environment;
  const env = {};
  for (const pair of pairs) {
    const i = pair.indexOf('=');
    if (i > 0) env[pair.slice(0, i)] = pair.slice(i + 1);
  }
  processObject.env = new Proxy(env, environmentTraps);
}

module.exports = { processObject, beginProcess, atWork };
