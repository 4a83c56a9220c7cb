// Node's util.

const inspection = internal('inspect');
const { inspect, format, formatWithOptions, stripColors } = inspection;

const kindOf = (v) => native.classOf(v);
const is = (name) => (v) => kindOf(v) === name;
const asyncKinds = (v) => (typeof v === 'function' ? native.functionKind(v) & 3 : 0);

const types = {
  isPromise: is('Promise'), isMap: is('Map'), isSet: is('Set'), isWeakMap: is('WeakMap'), isWeakSet: is('WeakSet'), isDate: is('Date'),
  isRegExp: is('RegExp'), isProxy: is('Proxy'), isDataView: is('DataView'), isArrayBuffer: is('ArrayBuffer'),
  isSharedArrayBuffer: is('SharedArrayBuffer'), isNativeError: is('Error'), isGeneratorObject: is('Generator'),
  isMapIterator: is('Map Iterator'), isSetIterator: is('Set Iterator'), isArgumentsObject: is('Arguments'),
  isModuleNamespaceObject: is('Module'), isNumberObject: is('Number'), isStringObject: is('String'), isBooleanObject: is('Boolean'),
  isSymbolObject: is('Symbol'), isBigIntObject: is('BigInt'),
  isAnyArrayBuffer: (v) => kindOf(v) === 'ArrayBuffer' || kindOf(v) === 'SharedArrayBuffer',
  isArrayBufferView: ArrayBuffer.isView,
  isTypedArray: (v) => ArrayBuffer.isView(v) && kindOf(v) !== 'DataView',
  isAsyncFunction: (v) => asyncKinds(v) >= 2,
  isGeneratorFunction: (v) => (asyncKinds(v) & 1) === 1,
  isBoxedPrimitive: (v) => ['Number', 'String', 'Boolean', 'Symbol', 'BigInt'].includes(kindOf(v)),
};
for (const name of ['Uint8Array', 'Uint8ClampedArray', 'Uint16Array', 'Uint32Array', 'Int8Array', 'Int16Array', 'Int32Array', 'Float32Array', 'Float64Array', 'BigInt64Array', 'BigUint64Array'])
  types[`is${name}`] = is(name);

const customPromisify = Symbol.for('nodejs.util.promisify.custom');

function promisify(f) {
  if (typeof f !== 'function') {
    throw internal('errors').nodeError(TypeError, 'ERR_INVALID_ARG_TYPE', `The "original" argument must be of type function. Received ${inspect(f)}`);
  }
  if (f[customPromisify]) return f[customPromisify];
  function promised(...args) {
    return new Promise((resolve, reject) => f.call(this, ...args, (error, ...values) => (error ? reject(error) : resolve(values[0]))));
  }
  Object.setPrototypeOf(promised, Object.getPrototypeOf(f));
  return Object.defineProperties(promised, Object.getOwnPropertyDescriptors(f));
}
promisify.custom = customPromisify;

function callbackify(f) {
  return function (...args) {
    const done = args.pop();
    f.apply(this, args).then((v) => internal('timers').nextTick(done, null, v), (e) => internal('timers').nextTick(done, e));
  };
}

function inherits(child, parent) {
  Object.defineProperty(child, 'super_', { value: parent, writable: true, configurable: true });
  Object.setPrototypeOf(child.prototype, parent.prototype);
}

function deprecate(f, message, code) {
  let told = false;
  return function (...args) {
    if (!told) {
      told = true;
      native.write(2, `(node:1) ${code ? `[${code}] ` : ''}DeprecationWarning: ${message}\n`);
    }
    return Reflect.construct !== undefined && new.target ? Reflect.construct(f, args, new.target) : f.apply(this, args);
  };
}

function styleText(style, text) {
  for (const s of [].concat(style).reverse()) {
    const c = inspect.colors[s];
    if (c) text = `\u001b[${c[0]}m${text}\u001b[${c[1]}m`;
  }
  return text;
}

function parseArgs({ args = internal('process').processObject.argv.slice(2), options = {}, allowPositionals = false, strict = true } = {}) {
  const values = Object.create(null);
  const positionals = [];
  const set = (name, value) => {
    if (options[name] && options[name].multiple) (values[name] ??= []).push(value);
    else values[name] = value;
  };
  for (let i = 0; i < args.length; i++) {
    const arg = args[i];
    if (arg === '--') {
      positionals.push(...args.slice(i + 1));
      break;
    }
    if (arg[0] !== '-' || arg === '-') {
      if (strict && !allowPositionals) throw internal('errors').nodeError(TypeError, 'ERR_PARSE_ARGS_UNEXPECTED_POSITIONAL', `Unexpected argument '${arg}'. This command does not take positional arguments`);
      positionals.push(arg);
      continue;
    }
    const long = arg.startsWith('--');
    const [key, inline] = long ? [arg.slice(2).split('=')[0], arg.includes('=') ? arg.slice(arg.indexOf('=') + 1) : undefined] : [arg[1], arg.length > 2 ? arg.slice(2) : undefined];
    const name = long ? key : Object.keys(options).find((n) => options[n].short === key) || key;
    if (!options[name] && strict) throw internal('errors').nodeError(TypeError, 'ERR_PARSE_ARGS_UNKNOWN_OPTION', `Unknown option '${long ? '--' : '-'}${key}'`);
    if (options[name] && options[name].type === 'string') set(name, inline !== undefined ? inline : args[++i]);
    else set(name, inline !== undefined ? inline : true);
  }
  for (const name of Object.keys(options)) if (values[name] === undefined && options[name].default !== undefined) values[name] = options[name].default;
  return { values, positionals };
}

module.exports = {
  inspect, format, formatWithOptions, types, promisify, callbackify, inherits, deprecate, styleText, parseArgs,
  stripVTControlCharacters: stripColors,
  toUSVString: (s) => `${s}`.toWellFormed(),
  isDeepStrictEqual: (a, b) => internal('equal').deepEqual(a, b, true),
  debuglog: () => Object.assign(() => {}, { enabled: false }),
  debug: () => Object.assign(() => {}, { enabled: false }),
  isArray: Array.isArray, isString: (v) => typeof v === 'string', isNumber: (v) => typeof v === 'number', isFunction: (v) => typeof v === 'function',
  isObject: (v) => v !== null && typeof v === 'object', isUndefined: (v) => v === undefined, isNull: (v) => v === null,
  isBoolean: (v) => typeof v === 'boolean', isRegExp: types.isRegExp, isDate: types.isDate, isError: (v) => v instanceof Error,
  get TextEncoder() {
    return globalThis.TextEncoder;
  },
  get TextDecoder() {
    return globalThis.TextDecoder;
  },
};
