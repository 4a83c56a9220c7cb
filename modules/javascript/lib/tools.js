// Host functions: `await tools.search('x')`, `await tools.kv.get({ key: 'a' })`. A call starts at once and returns a promise, so that
// Promise.all makes several side by side; tools.sync.search('x') waits and returns the value itself.

const values = internal('values');
const calls = internal('calls');
const { inspect } = internal('inspect');
const { base64Decode } = internal('encoding');
// Taken before the program runs, which may replace every built-in function.
const parse = JSON.parse;
const { call: callFunction } = Function.prototype;
const uncurry = (f) => callFunction.bind(f);
const indexOf = uncurry(String.prototype.indexOf);
const slice = uncurry(String.prototype.slice);
const setAdd = uncurry(Set.prototype.add);
const mapSet = uncurry(Map.prototype.set);
const { isArray } = Array;
const { defineProperty, getPrototypeOf, keys: objectKeys, freeze } = Object;
const objectPrototype = Object.prototype;
const { apply, has: hasProperty } = Reflect;
const AnyError = Error, AnyTypeError = TypeError, AnyPromise = Promise, AnySet = Set, AnyMap = Map, AnyDate = Date, AnyProxy = Proxy, toBigInt = BigInt;
const { push } = native;

const hide = (o, name, value) => defineProperty(o, name, { __proto__: null, value, writable: true, enumerable: false, configurable: true });

// failure makes the error of a reply. at is an Error from where the program made the call: its stack is the one that helps.
function failure({ type, message, hint }, at) {
  const e = type === 'ArgumentError' ? new AnyTypeError(message) : new AnyError(message);
  const name = type === 'ArgumentError' ? 'TypeError' : type || 'ToolError';
  hide(e, 'name', name);
  const frames = indexOf(at.stack, '\n');
  hide(e, 'stack', name + ': ' + message + (frames < 0 ? '' : slice(at.stack, frames)));
  if (hint) hide(e, 'hint', hint);
  return e;
}

// read gives the value of a reply as native.call and calls.start give it, or throws its error. at is native.frames of the call; without it the program
// is still there.
function read(value, at) {
  if (value !== undefined) return value;
  const reply = parse(native.kept());
  if (reply.error !== undefined) throw failure(reply.error, at ? native.errorAt(at) : new AnyError());
  return decode(reply.ok);
}

// A value that stays on the host: it can be passed to other host functions of the same run, and nothing else.
class Handle {
  constructor(tag) {
    defineProperty(this, 'kind', { __proto__: null, value: tag.kind, enumerable: true });
    values.keepTag(this, '{"$type":"handle","kind":' + values.quote(tag.kind) + ',"id":' + values.quote(tag.id) + '}');
    freeze(this);
  }
}

function each(list, f) {
  const out = [];
  for (let i = 0; i < list.length; i++) push(out, f(list[i]));
  return out;
}

// decode turns the ABI's tagged objects back into values of the language.
function decode(v) {
  if (v === null || typeof v !== 'object') return v;
  if (isArray(v)) return each(v, decode);
  switch (v.$type) {
    case undefined: {
      const o = {};
      const names = objectKeys(v);
      for (let i = 0; i < names.length; i++) defineProperty(o, names[i], { __proto__: null, value: decode(v[names[i]]), writable: true, enumerable: true, configurable: true });
      return o;
    }
    case 'handle':
      return new Handle(v);
    case 'int':
      return toBigInt(v.value);
    case 'float':
      return { __proto__: null, nan: NaN, inf: Infinity, '-inf': -Infinity, '-0': -0 }[v.value];
    case 'bytes':
      return base64Decode(v.value);
    case 'tuple':
      return each(v.items, decode);
    case 'set': {
      const set = new AnySet();
      for (let i = 0; i < v.items.length; i++) setAdd(set, decode(v.items[i]));
      return set;
    }
    case 'map': {
      const map = new AnyMap();
      for (let i = 0; i < v.items.length; i++) mapSet(map, decode(v.items[i][0]), decode(v.items[i][1]));
      return map;
    }
    case 'datetime':
      return new AnyDate(v.value);
    case 'undefined':
      return undefined;
    default:
      return v;
  }
}

// argumentsOf gives the JSON of a call's arguments: one plain object is the arguments by name, anything else goes by position.
function argumentsOf(args) {
  const text = native.argumentsJson(args); // most are plain
  if (text !== undefined) return text;
  const first = args[0];
  if (args.length === 1 && first !== null && typeof first === 'object' && !isArray(first)) {
    const proto = getPrototypeOf(first);
    if (proto === objectPrototype || proto === null) return values.encodeArguments(first);
  }
  return values.encodeArguments(args);
}

// What a new promise is settled with; a closure for each call would cost more.
let resolvePromise, rejectPromise;
const takeBoth = (resolve, reject) => {
  resolvePromise = resolve;
  rejectPromise = reject;
};

calls.settleWith((call, reply) => {
  const resolve = call[0], reject = call[1];
  let value;
  try {
    value = read(reply, call);
  } catch (e) {
    reject(e);
    return;
  }
  resolve(value);
});

// begin starts a call and returns its promise. signal, where there is one, is an AbortSignal that gives it up.
function begin(name, args, signal) {
  const promise = new AnyPromise(takeBoth);
  const resolve = resolvePromise, reject = rejectPromise;
  try {
    // The frames are for the stack of an error; an error for each call would cost more.
    const number = calls.start(name, argumentsOf(args), native.frames(resolve, reject));
    if (signal) {
      signal.addEventListener('abort', () => {
        calls.abandon(number);
        reject(signal.reason);
      }, { once: true });
    }
  } catch (e) {
    reject(e);
  }
  return promise;
}

// callSync asks the host and waits for the value.
function callSync(name, args) {
  return read(native.call(name, argumentsOf(args)));
}

// ---- what the host says of tools ----

const described = { __proto__: null };

// describe gives the host's list of a tool or of all below a name.
function describe(name) {
  if (described[name] === undefined) described[name] = parse(native.describe(name)).tools || [];
  return described[name];
}

// forget drops what the host said: in the next turn of a session the policy may be another.
function forget() {
  for (const name in described) delete described[name];
}

function only(name) {
  const list = describe(name);
  for (let i = 0; i < list.length; i++) if (list[i].name === name) return list[i];
  return undefined;
}

// namesBelow gives the names that follow a prefix such as 'kv.'.
function namesBelow(name) {
  const prefix = name === '' ? '' : name + '.';
  const list = describe(name);
  const seen = { __proto__: null };
  const names = [];
  for (let i = 0; i < list.length; i++) {
    if (slice(list[i].name, 0, prefix.length) !== prefix) continue;
    const rest = slice(list[i].name, prefix.length);
    const dot = indexOf(rest, '.');
    const first = dot < 0 ? rest : slice(rest, 0, dot);
    if (first === '' || seen[first]) continue;
    seen[first] = true;
    push(names, first);
  }
  return names;
}

// shown is what a tool looks like when it is printed: how it is called, and what it does.
function shown(name) {
  const tool = only(name);
  if (tool !== undefined) {
    const doc = typeof tool.doc === 'string' && tool.doc !== '' ? tool.doc : '';
    const above = indexOf(name, '.') < 0 || indexOf(tool.signature || '', name) === 0 ? '' : slice(name, 0, name.length - lastPart(name).length);
    return 'tools.' + (tool.signature ? above + tool.signature : name) + (doc ? '\n' + doc : '');
  }
  const list = describe(name);
  let text = name === '' ? '[Tools]' : '[Tools ' + name + ']';
  for (let i = 0; i < list.length; i++) text += '\n  ' + (list[i].signature ? slice(list[i].name, 0, list[i].name.length - lastPart(list[i].name).length) + lastSignature(list[i]) : list[i].name);
  return list.length === 0 ? (name === '' ? '[Tools: none]' : '[Tool ' + name + ']') : text;
}

function lastPart(name) {
  let from = 0;
  for (let dot = indexOf(name, '.'); dot >= 0; dot = indexOf(name, '.', from)) from = dot + 1;
  return slice(name, from);
}

const lastSignature = ({ name, signature }) => (indexOf(signature, name) === 0 ? slice(signature, name.length - lastPart(name).length) : signature);

// ---- tools ----

// toolAt gives the tool of a name; run makes its call.
function toolAt(name, run) {
  const f = (...args) => run(name, args);
  hide(f, 'name', name);
  hide(f, 'toString', () => shown(name));
  hide(f, inspect.custom, () => shown(name));
  return proxyOf(f, name, run);
}

// proxyOf makes a proxy through which the tools below a name are properties. What functions and objects have by themselves stays theirs, unless
// the host has a tool of that name.
function proxyOf(target, name, run) {
  const inner = { __proto__: null }; // a tool is made once, when it is first named
  const full = (key) => (name === '' ? key : name + '.' + key);
  return new AnyProxy(target, {
    __proto__: null,
    get(_, key) {
      const known = inner[key];
      if (known !== undefined) return known;
      // A promise's machinery and inspection look for these, and must not find a tool.
      if (typeof key === 'symbol' || key === 'then' || key === 'toJSON') return target[key];
      if (hasProperty(target, key) && describe(full(key)).length === 0) return target[key];
      return (inner[key] = toolAt(full(key), run));
    },
    has(_, key) {
      return hasProperty(target, key) || (typeof key === 'string' && describe(full(key)).length > 0);
    },
    ownKeys() {
      const names = namesBelow(name);
      const own = typeof target === 'function' ? ['length', 'name', 'toString', inspect.custom] : objectKeysAndSymbols(target);
      for (let i = 0; i < own.length; i++) if (!contains(names, own[i])) push(names, own[i]);
      return names;
    },
    getOwnPropertyDescriptor(_, key) {
      if (typeof key === 'string' && contains(namesBelow(name), key)) return { value: inner[key] ??= toolAt(full(key), run), writable: true, enumerable: true, configurable: true };
      return Reflect.getOwnPropertyDescriptor(target, key);
    },
  });
}

const { ownKeys: objectKeysAndSymbols } = Reflect;

function contains(list, item) {
  for (let i = 0; i < list.length; i++) if (list[i] === item) return true;
  return false;
}

function rootOf() {
  const root = {};
  hide(root, inspect.custom, () => shown(''));
  hide(root, 'toString', () => shown(''));
  return root;
}

const root = rootOf();
hide(root, 'sync', proxyOf(rootOf(), '', callSync));
const tools = proxyOf(root, '', begin);

// moduleTools is what import { name } from 'tools' can name.
function moduleTools() {
  const exports = { __proto__: null };
  const names = namesBelow('');
  for (let i = 0; i < names.length; i++) exports[names[i]] = tools[names[i]];
  exports.tools = tools;
  return exports;
}

module.exports = { tools, begin, describe, forget, failure, moduleTools };
