// node:test in small: tests run in order and report in TAP-like lines; a failure makes the exit code 1.

const { inspect } = internal('inspect');
const log = (text) => native.write(1, `${text}\n`);

let suite = { name: '', depth: -1, hooks: { before: [], after: [], beforeEach: [], afterEach: [] }, parent: null };
let queue = [];
let running = false;
const totals = { tests: 0, pass: 0, fail: 0, skipped: 0 };

function split(name, options, f) {
  if (typeof name === 'function') [name, options, f] = [name.name || '<anonymous>', {}, name];
  else if (typeof name === 'object') [name, options, f] = ['<anonymous>', name, options];
  if (typeof options === 'function') [options, f] = [{}, options];
  return [name, options || {}, f];
}

function test(...args) {
  const [name, options, f] = split(...args);
  const entry = { name, options, f, suite };
  return new Promise((resolve) => {
    queue.push({ ...entry, resolve });
    start();
  });
}

function describe(...args) {
  const [name, options, f] = split(...args);
  if (options.skip) return;
  suite = { name, depth: suite.depth + 1, hooks: { before: [], after: [], beforeEach: [], afterEach: [] }, parent: suite };
  f();
  suite = suite.parent;
}

function start() {
  if (running) return;
  running = true;
  internal('timers').setImmediate(run);
}

function chain(s, kind) {
  return s === null ? [] : [...chain(s.parent, kind), ...s.hooks[kind]];
}

async function run() {
  let started = new Set();
  while (queue.length > 0) {
    const t = queue.shift();
    for (let s = t.suite; s !== null && !started.has(s); s = s.parent) {
      started.add(s);
      for (const h of s.hooks.before) await h();
    }
    const path = [];
    for (let s = t.suite; s !== null && s.name; s = s.parent) path.unshift(s.name);
    const name = [...path, t.name].join(' > ');
    totals.tests++;
    if (t.options.skip || t.options.todo || !t.f) {
      totals.skipped++;
      log(`﹣ ${name} # SKIP`);
      t.resolve();
      continue;
    }
    try {
      for (const h of chain(t.suite, 'beforeEach')) await h();
      await t.f({ name: t.name, test, diagnostic: (m) => log(`# ${m}`), skip() {}, assert: internal('assert') });
      for (const h of chain(t.suite, 'afterEach')) await h();
      totals.pass++;
      log(`✔ ${name}`);
    } catch (e) {
      totals.fail++;
      internal('errors').noteTest(name, e);
      log(`✖ ${name}`);
      log(inspect(e).replace(/^/gm, '  '));
      internal('process').processObject.exitCode = 1;
    }
    t.resolve();
  }
  for (const s of started) for (const h of s.hooks.after) await h();
  running = false;
  log(`ℹ tests ${totals.tests}\nℹ pass ${totals.pass}\nℹ fail ${totals.fail}\nℹ skipped ${totals.skipped}`);
}

const hook = (kind) => (f) => suite.hooks[kind].push(f);
test.test = test;
test.it = test;
test.describe = describe;
test.suite = describe;
for (const kind of ['before', 'after', 'beforeEach', 'afterEach']) test[kind] = hook(kind);
for (const f of [test, describe]) f.skip = (...args) => {
  const [name, options, body] = split(...args);
  return f(name, { ...options, skip: true }, body);
};
test.only = test;
test.todo = test.skip;
describe.only = describe;
test.mock = {
  fn(f = () => {}) {
    const calls = [];
    const mocked = function (...args) {
      const result = f.apply(this, args);
      calls.push({ arguments: args, result, this: this });
      return result;
    };
    mocked.mock = { calls, callCount: () => calls.length };
    return mocked;
  },
};

module.exports = test;
