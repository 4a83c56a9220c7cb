// The console: text goes to the standard streams at once, so that nothing is lost when the host stops the run.

const { inspect, format, stringWidth, isInstance } = internal('inspect');

class Console {
  #out;
  #err;
  #indent = '';
  #counts = new Map();
  #timers = new Map();

  // out and err take one string each; a stream with write() is what Node's constructor wants.
  constructor(stdout, stderr) {
    if (stdout !== null && typeof stdout === 'object' && stdout.stdout) ({ stdout, stderr } = stdout);
    this.#out = typeof stdout === 'function' ? stdout : (text) => stdout.write(text);
    this.#err = stderr === undefined ? this.#out : typeof stderr === 'function' ? stderr : (text) => stderr.write(text);
    // Methods work without their object: const { log } = console; promise.then(console.log).
    for (const name of Object.getOwnPropertyNames(Console.prototype)) {
      if (name !== 'constructor') Object.defineProperty(this, name, { value: this[name].bind(this), writable: true, enumerable: true, configurable: true });
    }
    for (const [name, f] of [['info', this.log], ['debug', this.log], ['dirxml', this.log], ['error', this.warn], ['groupCollapsed', this.group]])
      Object.defineProperty(this, name, { value: f, writable: true, enumerable: true, configurable: true });
  }

  #print(write, text) {
    if (this.#indent) text = this.#indent + text.replaceAll('\n', `\n${this.#indent}`);
    write(`${text}\n`);
  }

  log(...args) {
    this.#print(this.#out, format(...args));
  }

  warn(...args) {
    this.#print(this.#err, format(...args));
  }

  dir(value, options) {
    this.#print(this.#out, inspect(value, { customInspect: false, ...options }));
  }

  trace(...args) {
    const e = new Error(format(...args));
    const frames = e.stack.slice(e.stack.indexOf('\n    at') + 1);
    this.#print(this.#err, `Trace${e.message ? `: ${e.message}` : ''}\n${frames}`);
  }

  assert(condition, ...args) {
    if (condition) return;
    internal('run').warn('assert_failed', `console.assert was false${args.length > 0 ? `: ${format(...args).slice(0, 300)}` : ''}; it only prints, the program went on`, internal('errors').here());
    if (typeof args[0] === 'string') args[0] = `Assertion failed: ${args[0]}`;
    else args.unshift('Assertion failed');
    this.warn(...args);
  }

  count(label = 'default') {
    label = `${label}`;
    const n = (this.#counts.get(label) || 0) + 1;
    this.#counts.set(label, n);
    this.log(`${label}: ${n}`);
  }

  countReset(label = 'default') {
    this.#counts.delete(`${label}`);
  }

  group(...args) {
    if (args.length > 0) this.log(...args);
    this.#indent += '  ';
  }

  groupEnd() {
    this.#indent = this.#indent.slice(0, -2);
  }

  time(label = 'default') {
    this.#timers.set(`${label}`, native.monotonic());
  }

  timeLog(label = 'default', ...args) {
    const start = this.#timers.get(`${label}`);
    if (start === undefined) return this.warn(`Warning: No such label '${label}' for console.timeLog()`);
    this.log(`${label}: ${duration(native.monotonic() - start)}`, ...args);
  }

  timeEnd(label = 'default') {
    const start = this.#timers.get(`${label}`);
    if (start === undefined) return this.warn(`Warning: No such label '${label}' for console.timeEnd()`);
    this.#timers.delete(`${label}`);
    this.log(`${label}: ${duration(native.monotonic() - start)}`);
  }

  table(data, columns) {
    if (data === null || typeof data !== 'object') return this.log(data);
    const cell = (v) => inspect(v, { maxArrayLength: 3, breakLength: Infinity, depth: v !== null && typeof v === 'object' && !Array.isArray(v) && Object.keys(v).length > 2 ? -1 : 0 });
    const isMap = data instanceof Map;
    const isSet = data instanceof Set;
    const rows = isMap ? [...data] : isSet ? [...data].map((v, i) => [i, v]) : Object.keys(data).map((k) => [k, data[k]]);
    const indexName = isMap || isSet ? '(iteration index)' : '(index)';
    if (isMap) {
      this.log(box([indexName, 'Key', 'Values'], rows.map(([k, v], i) => [`${i}`, cell(k), cell(v)])));
      return;
    }
    const names = [];
    let hasValues = false;
    const cells = rows.map(([, v]) => {
      const found = new Map();
      const primitive = v === null || (typeof v !== 'object' && typeof v !== 'function');
      if (primitive) {
        hasValues = true;
        return [found, cell(v)];
      }
      for (const k of columns || Object.keys(v)) {
        if (!names.includes(k)) names.push(k);
        if (Object.prototype.hasOwnProperty.call(v, k)) found.set(k, cell(v[k]));
      }
      return [found, ''];
    });
    const head = [indexName, ...names];
    if (hasValues) head.push('Values');
    this.log(box(head, rows.map(([k], i) => {
      const line = [`${k}`, ...names.map((n) => cells[i][0].get(n) ?? '')];
      if (hasValues) line.push(cells[i][1]);
      return line;
    })));
  }

  timeStamp() {}
  profile() {}
  profileEnd() {}
}

function duration(ms) {
  if (ms >= 1000) {
    const seconds = ms / 1000;
    if (seconds < 60) return `${seconds.toFixed(3)}s`;
    const minutes = Math.floor(seconds / 60);
    return `${minutes}:${(seconds - minutes * 60).toFixed(3).padStart(6, '0')} (m:ss.mmm)`;
  }
  return `${Number(ms.toFixed(3))}ms`;
}

function box(head, rows) {
  const widths = head.map((h, i) => Math.max(stringWidth(h), ...rows.map((r) => stringWidth(r[i]))) + 2);
  const line = (cells) => `│${cells.map((c, i) => ` ${c}${' '.repeat(widths[i] - stringWidth(c) - 1)}`).join('│')}│`;
  const rule = widths.map((w) => '─'.repeat(w));
  return [`┌${rule.join('┬')}┐`, line(head), `├${rule.join('┼')}┤`, ...rows.map(line), `└${rule.join('┴')}┘`].join('\n');
}

module.exports = { Console, isInstance };
