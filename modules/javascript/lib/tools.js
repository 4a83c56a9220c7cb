// Host functions: `await tools.search({...})`, `tools.kv.get({...})`. The call itself is synchronous; programs get a promise,
// because that is what models write.

const { nodeError } = internal('errors');
const values = internal('values');
const parse = JSON.parse;
const { call: callFunction } = Function.prototype;
const indexOf = callFunction.bind(String.prototype.indexOf);
const { isArray } = Array;
const resolved = Promise.resolve.bind(Promise);
const rejected = Promise.reject.bind(Promise);

// call asks the host by name and gives the value, or throws what the host answered.
function call(name, args) {
  const text = native.call(name, values.encode(args));
  const reply = parse(text);
  // most replies are plain JSON: nothing in them is tagged
  if (reply.error === undefined) return indexOf(text, '$type') < 0 ? reply.ok : decode(reply.ok);
  const { type, message, hint } = reply.error;
  const e = new Error(message);
  Object.defineProperty(e, 'name', { value: type || 'ToolError', writable: true, enumerable: false, configurable: true });
  if (hint) Object.defineProperty(e, 'hint', { value: hint, writable: true, enumerable: false, configurable: true });
  throw e;
}

// decode turns the ABI's tagged objects back into values of the language.
function decode(v) {
  if (v === null || typeof v !== 'object') return v;
  if (Array.isArray(v)) return v.map(decode);
  switch (v.$type) {
    case undefined: {
      const o = {};
      for (const k of Object.keys(v)) o[k] = decode(v[k]);
      return o;
    }
    case 'int':
      return BigInt(v.value);
    case 'float':
      return { nan: NaN, inf: Infinity, '-inf': -Infinity, '-0': -0 }[v.value];
    case 'bytes':
      return Uint8Array.from(globalThis.atob(v.value), (c) => c.charCodeAt(0));
    case 'tuple':
      return v.items.map(decode);
    case 'set':
      return new Set(v.items.map(decode));
    case 'map':
      return new Map(v.items.map(([k, x]) => [decode(k), decode(x)]));
    case 'datetime':
      return new Date(v.value);
    case 'undefined':
      return undefined;
    default:
      return v;
  }
}

function toolAt(name) {
  const f = (...args) => {
    try {
      const first = args[0];
      const named = args.length === 1 && first !== null && typeof first === 'object' && !isArray(first);
      return resolved(call(name, named ? first : args.length === 0 ? {} : args));
    } catch (e) {
      return rejected(e);
    }
  };
  Object.defineProperty(f, 'name', { value: name });
  const inner = { __proto__: null };
  return new Proxy(f, {
    get(target, key) {
      // a promise's machinery and inspection look for these, and must not find a tool
      if (typeof key === 'symbol' || key === 'then' || key in target) return target[key];
      return (inner[key] ??= toolAt(`${name}.${key}`));
    },
  });
}

const known = { __proto__: null }; // a tool is made once, when it is first named
const tools = new Proxy({}, {
  get(target, key) {
    if (typeof key === 'symbol' || key === 'then' || key in target) return target[key];
    return (known[key] ??= toolAt(key));
  },
});

// fetch goes through the tool http, which a policy has to grant.
function fetch(resource) {
  const hint = 'Compute with the data that the program has (files, INPUT), or ask for the http tool to be granted.';
  return Promise.reject(nodeError(TypeError, 'ERR_NOT_AVAILABLE', `fetch failed: there is no network in this sandbox (asked for ${resource && resource.url ? resource.url : resource}). ${hint}`, hint));
}

module.exports = { tools, fetch, call };
