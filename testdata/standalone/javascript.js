// Many small programs in one, by name: what a built file does is compared with what wand run does.
const fs = require('fs');

const programs = {
  values() {
    const counter = () => {
      let n = 0;
      return () => ++n;
    };
    const next = counter();
    next();
    console.log(next(), JSON.stringify({ b: [1, 2.5, null], a: 'ü' }), JSON.parse('{"x": 1e3}'));
    console.log(new Date(Date.UTC(2024, 1, 29)).toISOString(), 'me@home'.replace(/(\w+)@(\w+)/, '$2 at $1'), [3, 1, 2].sort(), 2n ** 100n);
    console.log(new Map([[1, { a: [1, [2, [3]]] }]]), new Set('aab'), [1, , 3], class A {}, Symbol('s'));
  },
  arguments() {
    console.log(process.argv.slice(2), process.argv.length);
  },
  standard_input() {
    const rows = fs.readFileSync(0, 'utf8').trim().split('\n').slice(1);
    console.log('total', rows.reduce((sum, row) => sum + Number(row.split(',')[1]), 0));
  },
  async later() {
    const { EventEmitter } = require('node:events');
    const util = await import('util');
    const e = new EventEmitter();
    e.on('x', (v) => console.log('got', v, util.inspect({ v })));
    e.emit('x', 1);
    await new Promise((done) => setTimeout(done, 3));
    queueMicrotask(() => console.log('micro'));
    setTimeout(() => console.log('timer'), 1);
    process.nextTick(() => console.log('tick'));
  },
  absent() {
    try {
      require('no_such_module');
    } catch (e) {
      console.log(e.code);
    }
  },
  async tools() {
    try {
      console.log(await tools.kv.get({ key: 'a' }));
    } catch (e) {
      console.log(e instanceof Error);
    }
  },
  uncaught() {
    const inner = (n) => [1, 2, 3][n].toFixed();
    inner(7);
  },
  async rejected() {
    await null;
    throw new TypeError('not caught');
  },
  chained() {
    throw new Error('no key', { cause: new RangeError('first') });
  },
  exit_code() {
    console.log('leaving');
    process.exit(3);
  },
  exit_property() {
    process.exitCode = 5;
    process.on('exit', (code) => console.log('exit', code));
  },
  much() {
    for (let i = 0; i < 20000; i++) console.log('line', i, 'of output');
  },
  fresh() {
    console.log(Math.random(), crypto.randomUUID(), Date.now() > 1.75e12);
  },
  environment() {
    console.log(process.env.GREETING, process.cwd());
  },
  files() {
    fs.writeFileSync('note.txt', 'kept\n');
    console.log(fs.readFileSync('/note.txt', 'utf8').trim());
  },
  no_files() {
    try {
      fs.readFileSync('absent.txt');
    } catch (e) {
      console.log(e instanceof Error);
    }
  },
  replaced() {
    Array.prototype.push = Object.keys = JSON.parse = () => 'mine';
    console.error('to stderr');
  },
};

programs[process.argv[2]]();
