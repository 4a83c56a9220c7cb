// Node's assert. An AssertionError says what both sides were; the report carries them as values.

const { inspect } = internal('inspect');
const { nodeError } = internal('errors');
const { deepEqual: isDeepEqual } = internal('equal');

const shown = (v) => inspect(v, { depth: 1000, maxArrayLength: Infinity, customInspect: false, sorted: true, getters: true, breakLength: Infinity, compact: false });

const phrases = {
  deepStrictEqual: 'Expected values to be strictly deep-equal:',
  strictEqual: 'Expected values to be strictly equal:',
  strictEqualObject: 'Expected "actual" to be reference-equal to "expected":',
  deepEqual: 'Expected values to be loosely deep-equal:',
  notDeepStrictEqual: 'Expected "actual" not to be strictly deep-equal to:',
  notStrictEqual: 'Expected "actual" to be strictly unequal to:',
  notDeepEqual: 'Expected "actual" not to be loosely deep-equal to:',
  notEqual: 'Expected "actual" to be loosely unequal to:',
  notIdentical: 'Values have same structure but are not reference-equal:',
};

class AssertionError extends Error {
  constructor(options) {
    if (options === null || typeof options !== 'object') throw nodeError(TypeError, 'ERR_INVALID_ARG_TYPE', `The "options" argument must be of type object. Received ${inspect(options)}`);
    const { message, operator, actual, expected } = options;
    super(message !== undefined ? `${message}` : describe(actual, expected, operator));
    Object.defineProperty(this, 'name', { value: 'AssertionError', writable: true, enumerable: false, configurable: true });
    this.generatedMessage = message === undefined;
    this.code = 'ERR_ASSERTION';
    this.actual = actual;
    this.expected = expected;
    this.operator = operator;
    if (typeof this.stack === 'string') this.stack = this.stack.replace(/^\w+/, 'AssertionError [ERR_ASSERTION]');
  }
  toString() {
    return `${this.name} [${this.code}]: ${this.message}`;
  }
}

function describe(actual, expected, operator) {
  switch (operator) {
    case 'deepStrictEqual':
    case 'strictEqual':
      return difference(actual, expected, operator);
    case 'deepEqual': {
      const a = shown(actual), b = shown(expected);
      return `${phrases.deepEqual}\n\n${clip(a)}\n\nshould loosely deep-equal\n\n${clip(b)}`;
    }
    case 'notDeepStrictEqual':
    case 'notStrictEqual':
    case 'notDeepEqual': {
      const text = shown(actual);
      return text.includes('\n') || text.length > 60 ? `${phrases[operator]}\n\n${clip(text)}\n` : `${phrases[operator]} ${text}`;
    }
    default:
      return `${shown(actual)} ${operator} ${shown(expected)}`;
  }
}

function clip(text) {
  const lines = text.split('\n');
  return lines.length > 50 ? `${lines.slice(0, 47).join('\n')}\n...` : text;
}

// difference shows what has to change in actual (+) and expected (-), line by line.
function difference(actual, expected, operator) {
  const a = shown(actual).split('\n'), b = shown(expected).split('\n');
  const primitives = (actual === null || typeof actual !== 'object') && (expected === null || typeof expected !== 'object');
  const bothObjects = actual !== null && expected !== null && ((typeof actual === 'object' && typeof expected === 'object') || (typeof actual === 'function' && typeof expected === 'function'));
  if (a.length === 1 && b.length === 1 && a[0] !== b[0] && primitives && a[0].length + b[0].length <= 12 && !(actual === 0 && expected === 0)) {
    return `${phrases[operator]}\n\n${a[0]} !== ${b[0]}\n`;
  }
  if (a.join('\n') === b.join('\n')) {
    if (operator === 'strictEqual' && bothObjects) return `${phrases.notIdentical}\n\n${clip(a.join('\n'))}\n`;
  }
  const head = operator === 'strictEqual' && bothObjects ? phrases.strictEqualObject : phrases[operator];
  return `${head}\n+ actual - expected\n\n${diffLines(a, b)}`;
}

function diffLines(a, b) {
  if (a.length * b.length > 1e6) return `+ ${clip(a.join('\n+ '))}\n- ${clip(b.join('\n- '))}`;
  // longest common subsequence
  const table = [];
  for (let i = 0; i <= a.length; i++) table.push(new Uint32Array(b.length + 1));
  const same = (x, y) => x === y || x.replace(/,$/, '') === y.replace(/,$/, '');
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--) table[i][j] = same(a[i], b[j]) ? table[i + 1][j + 1] + 1 : Math.max(table[i + 1][j], table[i][j + 1]);
  const out = [];
  let i = 0, j = 0;
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && same(a[i], b[j])) {
      out.push(`  ${b[j]}`);
      i++;
      j++;
    } else if (i < a.length && (j >= b.length || table[i + 1][j] >= table[i][j + 1])) {
      out.push(`+ ${a[i++]}`);
    } else {
      out.push(`- ${b[j++]}`);
    }
  }
  if (out.length <= 50) return out.join('\n');
  // in a long text, lines far from any change say nothing
  const near = out.map((line, k) => out.slice(Math.max(0, k - 2), k + 3).some((l) => l[0] !== ' '));
  const kept = [];
  out.forEach((line, k) => {
    if (near[k]) kept.push(line);
    else if (kept[kept.length - 1] !== '...') kept.push('...');
  });
  return kept.slice(0, 50).join('\n');
}

function fail(actual, expected, message, operator, generated) {
  if (message instanceof Error) throw message;
  const e = new AssertionError({ message: message ?? generated, actual, expected, operator });
  e.generatedMessage = message === undefined;
  throw e;
}

function ok(value, message) {
  if (value) return;
  if (message instanceof Error) throw message;
  let generated = message;
  if (arguments.length === 0) generated = 'No value argument passed to `assert.ok()`';
  else if (message === undefined) generated = 'The expression evaluated to a falsy value';
  const e = new AssertionError({ message: generated, actual: value, expected: true, operator: '==' });
  e.generatedMessage = message === undefined;
  throw e;
}

const assert = function assert(...args) {
  ok(...args);
};

const notFunction = (name, f) => nodeError(TypeError, 'ERR_INVALID_ARG_TYPE', `The "${name}" argument must be of type function. Received ${inspect(f)}`);

// matches says whether what was thrown is what the second argument of throws or rejects asked for.
function checkThrown(error, expected, message, operator) {
  if (expected === undefined) return;
  if (typeof expected === 'function') {
    if (expected.prototype !== undefined && error instanceof expected) return;
    if (Object.prototype.isPrototypeOf.call(Error, expected) || expected === Error) throw error;
    if (expected.call({}, error) === true) return;
    fail(error, expected, message ?? `The ${expected.name ? `"${expected.name}" ` : ''}validation function is expected to return "true". Received ${inspect(expected.call({}, error))}\n\nCaught error:\n\n${inspect(error)}`, operator);
  }
  if (native.classOf(expected) === 'RegExp') {
    if (expected.test(String(error))) return;
    fail(error, expected, message, operator, `The input did not match the regular expression ${inspect(expected)}. Input:\n\n${inspect(String(error))}\n`);
  }
  const keys = Object.keys(expected);
  if (expected instanceof Error) keys.push('name', 'message');
  for (const k of keys) {
    const wanted = expected[k];
    const got = error === null || error === undefined ? undefined : error[k];
    if (native.classOf(wanted) === 'RegExp' && typeof got === 'string' && wanted.test(got)) continue;
    if (isDeepEqual(got, wanted, true)) continue;
    const a = {}, b = {};
    for (const n of keys) {
      if (error !== null && error !== undefined && n in Object(error)) a[n] = error[n];
      b[n] = expected[n];
    }
    fail(a, b, message, operator, difference(a, b, 'deepStrictEqual'));
  }
}

function missing(expected, message, operator) {
  const name = expected && expected.name ? ` (${expected.name})` : '';
  const what = operator === 'rejects' ? 'rejection' : 'exception';
  fail(undefined, expected, `Missing expected ${what}${name}${message ? `: ${message}` : '.'}`, operator);
}

function splitArgs(expected, message) {
  return typeof expected === 'string' ? [undefined, expected] : [expected, message];
}

Object.assign(assert, {
  ok,
  AssertionError,
  equal(actual, expected, message) {
    // eslint-disable-next-line eqeqeq
    if (!(actual == expected || (Number.isNaN(actual) && Number.isNaN(expected)))) fail(actual, expected, message, '==');
  },
  notEqual(actual, expected, message) {
    // eslint-disable-next-line eqeqeq
    if (actual == expected || (Number.isNaN(actual) && Number.isNaN(expected))) fail(actual, expected, message, '!=');
  },
  strictEqual(actual, expected, message) {
    if (!Object.is(actual, expected)) fail(actual, expected, message, 'strictEqual');
  },
  notStrictEqual(actual, expected, message) {
    if (Object.is(actual, expected)) fail(actual, expected, message, 'notStrictEqual');
  },
  deepEqual(actual, expected, message) {
    if (!isDeepEqual(actual, expected, false)) fail(actual, expected, message, 'deepEqual');
  },
  notDeepEqual(actual, expected, message) {
    if (isDeepEqual(actual, expected, false)) fail(actual, expected, message, 'notDeepEqual');
  },
  deepStrictEqual(actual, expected, message) {
    if (!isDeepEqual(actual, expected, true)) fail(actual, expected, message, 'deepStrictEqual');
  },
  notDeepStrictEqual(actual, expected, message) {
    if (isDeepEqual(actual, expected, true)) fail(actual, expected, message, 'notDeepStrictEqual');
  },
  fail(message = 'Failed') {
    if (message instanceof Error) throw message;
    const e = new AssertionError({ message, operator: 'fail' });
    throw e;
  },
  throws(f, expected, message) {
    if (typeof f !== 'function') throw notFunction('fn', f);
    [expected, message] = splitArgs(expected, message);
    let error;
    try {
      f();
    } catch (e) {
      error = e;
      checkThrown(error, expected, message, 'throws');
      return;
    }
    missing(expected, message, 'throws');
  },
  doesNotThrow(f, expected, message) {
    if (typeof f !== 'function') throw notFunction('fn', f);
    [expected, message] = splitArgs(expected, message);
    try {
      f();
    } catch (e) {
      fail(e, expected, `Got unwanted exception${message ? `: ${message}` : '.'}\nActual message: "${e && e.message}"`, 'doesNotThrow');
    }
  },
  async rejects(promise, expected, message) {
    [expected, message] = splitArgs(expected, message);
    try {
      await (typeof promise === 'function' ? promise() : promise);
    } catch (e) {
      checkThrown(e, expected, message, 'rejects');
      return;
    }
    missing(expected, message, 'rejects');
  },
  async doesNotReject(promise, expected, message) {
    try {
      await (typeof promise === 'function' ? promise() : promise);
    } catch (e) {
      fail(e, expected, `Got unwanted rejection${message ? `: ${message}` : '.'}\nActual message: "${e && e.message}"`, 'doesNotReject');
    }
  },
  ifError(value) {
    if (value !== null && value !== undefined) fail(value, null, `ifError got unwanted exception: ${value.message || inspect(value)}`, 'ifError');
  },
  match(text, pattern, message) {
    if (typeof text !== 'string' || !pattern.test(text)) fail(text, pattern, message, 'match', `The input did not match the regular expression ${inspect(pattern)}. Input:\n\n${inspect(text)}\n`);
  },
  doesNotMatch(text, pattern, message) {
    if (typeof text === 'string' && pattern.test(text)) fail(text, pattern, message, 'doesNotMatch', `The input was expected to not match the regular expression ${inspect(pattern)}. Input:\n\n${inspect(text)}\n`);
  },
});

assert.strict = Object.assign(function strict(...args) {
  ok(...args);
}, assert, { equal: assert.strictEqual, notEqual: assert.notStrictEqual, deepEqual: assert.deepStrictEqual, notDeepEqual: assert.notDeepStrictEqual });
assert.strict.strict = assert.strict;

module.exports = assert;
