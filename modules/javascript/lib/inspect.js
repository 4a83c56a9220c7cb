// Values as text: util.inspect and util.format, with the layout that Node's console prints.
// Models learn from Node's output and compare against it, so the rules (72 columns, six entries, depth 2) are Node's.

const custom = Symbol.for('nodejs.util.inspect.custom');
const { getPrototypeOf, getOwnPropertyDescriptor, getOwnPropertyNames, getOwnPropertySymbols, keys: objectKeys } = Object;
const hasOwn = (o, k) => Object.prototype.hasOwnProperty.call(o, k);
const isEnumerable = (o, k) => Object.prototype.propertyIsEnumerable.call(o, k);
const functionToString = Function.prototype.toString;
const errorToString = Error.prototype.toString;
const typedArrayTag = getOwnPropertyDescriptor(getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag).get;
const typedArrayLength = getOwnPropertyDescriptor(getPrototypeOf(Uint8Array.prototype), 'length').get;
const mapSize = getOwnPropertyDescriptor(Map.prototype, 'size').get;
const setSize = getOwnPropertyDescriptor(Set.prototype, 'size').get;
const { call } = Function.prototype;
const uncurry = (f) => call.bind(f);
const mapEntries = uncurry(Map.prototype.entries);
const setValues = uncurry(Set.prototype.values);
const regExpToString = uncurry(RegExp.prototype.toString);
const dateToISO = uncurry(Date.prototype.toISOString);
const dateToString = uncurry(Date.prototype.toString);
const dateTime = uncurry(Date.prototype.getTime);
const builtIns = new Set(getOwnPropertyNames(globalThis).filter((n) => /^[A-Z]/.test(n)));

const OBJECT = 0, ARRAY = 1, ARRAY_EXTRAS = 2;

const defaults = {
  showHidden: false, depth: 2, colors: false, customInspect: true, showProxy: false, maxArrayLength: 100,
  maxStringLength: 10000, breakLength: 80, compact: 3, sorted: false, getters: false, numericSeparator: false,
};

const styles = {
  special: 'cyan', number: 'yellow', bigint: 'yellow', boolean: 'yellow', undefined: 'grey', null: 'bold', string: 'green',
  symbol: 'green', date: 'magenta', regexp: 'red', module: 'underline',
};
const colors = {
  reset: [0, 0], bold: [1, 22], dim: [2, 22], italic: [3, 23], underline: [4, 24], inverse: [7, 27], hidden: [8, 28],
  strikethrough: [9, 29], black: [30, 39], red: [31, 39], green: [32, 39], yellow: [33, 39], blue: [34, 39], magenta: [35, 39],
  cyan: [36, 39], white: [37, 39], gray: [90, 39], grey: [90, 39], bgBlack: [40, 49], bgRed: [41, 49], bgGreen: [42, 49],
  bgYellow: [43, 49], bgBlue: [44, 49], bgMagenta: [45, 49], bgCyan: [46, 49], bgWhite: [47, 49], blackBright: [90, 39],
  redBright: [91, 39], greenBright: [92, 39], yellowBright: [93, 39], blueBright: [94, 39], magentaBright: [95, 39],
  cyanBright: [96, 39], whiteBright: [97, 39],
};

function inspect(value, options) {
  const ctx = { ...defaults, seen: [], circular: undefined, indentationLvl: 0, currentDepth: 0, stylize: plain, userOptions: undefined };
  if (arguments.length > 1) {
    if (typeof options === 'object' && options !== null) {
      for (const k of objectKeys(options)) {
        if (hasOwn(defaults, k) || k === 'stylize') ctx[k] = options[k];
        else ctx.userOptions = options;
      }
    } else {
      if (options !== undefined) ctx.showHidden = options;
      if (arguments[2] !== undefined) ctx.depth = arguments[2];
      if (arguments[3] !== undefined) ctx.colors = arguments[3];
    }
  }
  if (ctx.colors) ctx.stylize = colored;
  if (ctx.maxArrayLength === null) ctx.maxArrayLength = Infinity;
  if (ctx.maxStringLength === null) ctx.maxStringLength = Infinity;
  return formatValue(ctx, value, 0);
}
inspect.custom = custom;
inspect.defaultOptions = defaults;
inspect.colors = colors;
inspect.styles = styles;

function plain(text) {
  return text;
}

function colored(text, style) {
  const name = styles[style];
  if (name === undefined || colors[name] === undefined) return text;
  return `\u001b[${colors[name][0]}m${text}\u001b[${colors[name][1]}m`;
}

function formatValue(ctx, value, recurseTimes, typedArray) {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return formatPrimitive(ctx, value);
  const context = value;
  if (native.classOf(value) === 'Proxy') {
    const parts = native.proxyParts(value);
    if (parts[0] === null) return ctx.stylize('<Revoked Proxy>', 'special');
    if (ctx.showProxy) return formatProxy(ctx, parts, recurseTimes);
    value = parts[0];
    while (native.classOf(value) === 'Proxy') {
      value = native.proxyParts(value)[0];
      if (value === null) return ctx.stylize('<Revoked Proxy>', 'special');
    }
  }
  if (ctx.customInspect) {
    const f = value[custom];
    if (typeof f === 'function' && f !== inspect && !(value.constructor && value.constructor.prototype === value)) {
      const depth = ctx.depth === null ? null : ctx.depth - recurseTimes;
      const options = { ...ctx.userOptions };
      for (const k of objectKeys(defaults)) options[k] = ctx[k];
      options.stylize = ctx.stylize;
      const ret = f.call(context, depth, options, inspect);
      if (ret !== context) {
        return (typeof ret !== 'object' ? `${ret}` : formatValue(ctx, ret, recurseTimes)).replaceAll('\n', `\n${' '.repeat(ctx.indentationLvl)}`);
      }
    }
  }
  if (ctx.seen.includes(value)) {
    let index = 1;
    if (ctx.circular === undefined) {
      ctx.circular = new Map([[value, index]]);
    } else {
      index = ctx.circular.get(value);
      if (index === undefined) {
        index = ctx.circular.size + 1;
        ctx.circular.set(value, index);
      }
    }
    return ctx.stylize(`[Circular *${index}]`, 'special');
  }
  return formatRaw(ctx, value, recurseTimes, typedArray);
}

function formatProxy(ctx, parts, recurseTimes) {
  if (recurseTimes > ctx.depth && ctx.depth !== null) return ctx.stylize('Proxy [Array]', 'special');
  recurseTimes += 1;
  ctx.indentationLvl += 2;
  const output = [formatValue(ctx, parts[0], recurseTimes), formatValue(ctx, parts[1], recurseTimes)];
  ctx.indentationLvl -= 2;
  return reduceToSingleString(ctx, output, '', ['Proxy [', ']'], ARRAY_EXTRAS, recurseTimes);
}

function getKeys(value, showHidden) {
  const symbols = getOwnPropertySymbols(value);
  if (showHidden) return [...getOwnPropertyNames(value), ...symbols];
  const names = objectKeys(value);
  for (const s of symbols) if (isEnumerable(value, s)) names.push(s);
  return names;
}

function isIndex(key) {
  return typeof key === 'string' && /^(0|[1-9][0-9]*)$/.test(key) && +key < 4294967295;
}

function nonIndexKeys(value, showHidden) {
  // The common case, a plain dense array, has no such key: avoid a string per element.
  const names = showHidden ? getOwnPropertyNames(value) : objectKeys(value);
  let i = names.length;
  while (i > 0 && !isIndex(names[i - 1])) i--;
  const found = names.slice(i);
  for (const s of getOwnPropertySymbols(value)) if (showHidden || isEnumerable(value, s)) found.push(s);
  return found;
}

function isInstance(value, f) {
  try {
    return value instanceof f;
  } catch {
    return false;
  }
}

function constructorName(obj, ctx, recurseTimes) {
  const original = obj;
  let firstProto;
  while (obj) {
    const d = getOwnPropertyDescriptor(obj, 'constructor');
    if (d !== undefined && typeof d.value === 'function' && d.value.name !== '' && isInstance(original, d.value)) return String(d.value.name);
    obj = getPrototypeOf(obj);
    if (firstProto === undefined) firstProto = obj;
  }
  if (firstProto === null) return null;
  const name = native.classOf(original);
  if (recurseTimes > ctx.depth && ctx.depth !== null) return `${name} <Complex prototype>`;
  const proto = constructorName(firstProto, ctx, recurseTimes + 1);
  if (proto === null) return `${name} <${inspect(firstProto, { ...options(ctx), customInspect: false, depth: -1 })}>`;
  return `${name} <${proto}>`;
}

function options(ctx) {
  const o = {};
  for (const k of objectKeys(defaults)) o[k] = ctx[k];
  return o;
}

function prefixOf(constructor, tag, fallback, size = '') {
  if (constructor === null) {
    if (tag !== '' && fallback !== tag) return `[${fallback}${size}: null prototype] [${tag}] `;
    return `[${fallback}${size}: null prototype] `;
  }
  if (tag !== '' && constructor !== tag) return `${constructor}${size} [${tag}] `;
  return `${constructor}${size} `;
}

function formatRaw(ctx, value, recurseTimes, typedArray) {
  const kind = native.classOf(value);
  const constructor = constructorName(value, ctx, recurseTimes);
  let tag = value[Symbol.toStringTag];
  if (typeof tag !== 'string' || (tag !== '' && (ctx.showHidden ? hasOwn : isEnumerable)(value, Symbol.toStringTag))) tag = '';
  let base = '';
  let formatter = () => [];
  let braces = ['{', '}'];
  let extras = OBJECT;
  let keys;

  if (Array.isArray(value)) {
    const prefix = constructor !== 'Array' || tag !== '' ? prefixOf(constructor, tag, 'Array', `(${value.length})`) : '';
    keys = nonIndexKeys(value, ctx.showHidden);
    braces = [`${prefix}[`, ']'];
    if (value.length === 0 && keys.length === 0) return `${braces[0]}]`;
    extras = ARRAY_EXTRAS;
    formatter = formatArray;
  } else if (kind === 'Set' || kind === 'Map') {
    const size = (kind === 'Set' ? setSize : mapSize).call(value);
    const prefix = prefixOf(constructor, tag, kind, `(${size})`);
    keys = getKeys(value, ctx.showHidden);
    formatter = kind === 'Set' ? formatSet : formatMap;
    if (size === 0 && keys.length === 0) return `${prefix}{}`;
    braces = [`${prefix}{`, '}'];
  } else if (ArrayBuffer.isView(value) && kind !== 'DataView') {
    keys = nonIndexKeys(value, ctx.showHidden);
    const size = typedArrayLength.call(value);
    braces = [`${prefixOf(constructor, tag, typedArrayTag.call(value), `(${size})`)}[`, ']'];
    if (size === 0 && keys.length === 0 && !ctx.showHidden) return `${braces[0]}]`;
    extras = ARRAY_EXTRAS;
    formatter = formatTypedArray;
  } else if (kind === 'Map Iterator' || kind === 'Set Iterator') {
    keys = getKeys(value, ctx.showHidden);
    braces = [`[${tag || kind}] {`, '}'];
    formatter = () => ['<items unknown>'];
  } else {
    keys = kind === 'Module' ? objectKeys(value) : getKeys(value, ctx.showHidden);
    if (kind === 'Arguments') {
      braces[0] = '[Arguments] {';
      if (keys.length === 0) return '[Arguments] {}';
    } else if (typeof value === 'function') {
      base = functionBase(value, constructor, tag);
      if (keys.length === 0) return ctx.stylize(base, 'special');
    } else if (kind === 'RegExp') {
      base = regExpToString(value);
      const prefix = prefixOf(constructor, tag, 'RegExp');
      if (prefix !== 'RegExp ') base = `${prefix}${base}`;
      if (keys.length === 0 || (recurseTimes > ctx.depth && ctx.depth !== null)) return ctx.stylize(base, 'regexp');
    } else if (kind === 'Date') {
      base = Number.isNaN(dateTime(value)) ? dateToString(value) : dateToISO(value);
      const prefix = prefixOf(constructor, tag, 'Date');
      if (prefix !== 'Date ') base = `${prefix}${base}`;
      if (keys.length === 0) return ctx.stylize(base, 'date');
    } else if (kind === 'Error' || isInstance(value, Error)) {
      base = formatError(value, constructor, tag, ctx, keys);
      if (keys.length === 0) return base;
    } else if (kind === 'ArrayBuffer' || kind === 'SharedArrayBuffer') {
      const prefix = prefixOf(constructor, tag, kind);
      if (typedArray === undefined) formatter = formatArrayBuffer;
      else if (keys.length === 0) return `${prefix}{ byteLength: ${formatNumber(ctx.stylize, value.byteLength)} }`;
      braces[0] = `${prefix}{`;
      keys.unshift('byteLength');
    } else if (kind === 'DataView') {
      braces[0] = `${prefixOf(constructor, tag, 'DataView')}{`;
      keys.unshift('byteLength', 'byteOffset', 'buffer');
    } else if (kind === 'Promise') {
      braces[0] = `${prefixOf(constructor, tag, 'Promise')}{`;
      formatter = formatPromise;
    } else if (kind === 'WeakSet' || kind === 'WeakMap') {
      braces[0] = `${prefixOf(constructor, tag, kind)}{`;
      formatter = () => [ctx.stylize('<items unknown>', 'special')];
    } else if (kind === 'WeakRef') {
      braces[0] = `${prefixOf(constructor, tag, 'WeakRef')}{`;
      formatter = (c, v, r) => [formatInner(c, v.deref(), r)];
    } else if (kind === 'Module') {
      braces[0] = `${prefixOf(constructor, tag, 'Module')}{`;
      formatter = formatNamespace.bind(null, keys);
      keys = [];
    } else if (kind === 'Number' || kind === 'String' || kind === 'Boolean' || kind === 'Symbol' || kind === 'BigInt') {
      base = boxedBase(value, kind, ctx, keys, constructor, tag);
      if (kind === 'String') keys = keys.filter((k) => !isIndex(k));
      if (keys.length === 0) return base;
    } else if (constructor === 'Object') {
      if (tag !== '') braces[0] = `${prefixOf(constructor, tag, 'Object')}{`;
      if (keys.length === 0) return `${braces[0]}}`;
    } else {
      if (keys.length === 0) return `${prefixOf(constructor, tag, 'Object')}{}`;
      braces[0] = `${prefixOf(constructor, tag, 'Object')}{`;
    }
  }

  if (recurseTimes > ctx.depth && ctx.depth !== null) {
    const name = prefixOf(constructor, tag, Array.isArray(value) ? 'Array' : 'Object').slice(0, -1);
    return ctx.stylize(`[${name}]`, 'special');
  }
  recurseTimes += 1;
  ctx.seen.push(value);
  ctx.currentDepth = recurseTimes;
  const output = formatter(ctx, value, recurseTimes);
  for (const key of keys) output.push(formatProperty(ctx, value, recurseTimes, key, extras));
  if (ctx.circular !== undefined) {
    const index = ctx.circular.get(value);
    if (index !== undefined) {
      const reference = ctx.stylize(`<ref *${index}>`, 'special');
      if (ctx.compact !== true) base = base === '' ? reference : `${reference} ${base}`;
      else braces[0] = `${reference} ${braces[0]}`;
    }
  }
  ctx.seen.pop();
  if (ctx.sorted) {
    const order = ctx.sorted === true ? undefined : ctx.sorted;
    if (extras === OBJECT) output.sort(order);
    else if (keys.length > 1) output.splice(output.length - keys.length, keys.length, ...output.slice(output.length - keys.length).sort(order));
  }
  return reduceToSingleString(ctx, output, base, braces, extras, recurseTimes, value);
}

function formatInner(ctx, value, recurseTimes) {
  ctx.indentationLvl += 2;
  const text = formatValue(ctx, value, recurseTimes);
  ctx.indentationLvl -= 2;
  return text;
}

function functionBase(value, constructor, tag) {
  const kind = native.functionKind(value);
  const source = functionToString.call(value);
  if (kind >= 4 || /^class\b[^(]*\{/.test(source)) return classBase(value, constructor, tag);
  const type = ['Function', 'GeneratorFunction', 'AsyncFunction', 'AsyncGeneratorFunction'][kind & 3];
  let base = `[${type}`;
  if (constructor === null) base += ' (null prototype)';
  base += value.name === '' ? ' (anonymous)' : `: ${typeof value.name === 'string' ? value.name : inspect(value.name)}`;
  base += ']';
  if (constructor !== type && constructor !== null) base += ` ${constructor}`;
  if (tag !== '' && constructor !== tag) base += ` [${tag}]`;
  return base;
}

function classBase(value, constructor, tag) {
  const name = (hasOwn(value, 'name') && value.name) || '(anonymous)';
  let base = `class ${name}`;
  if (constructor !== 'Function' && constructor !== null) base += ` [${constructor}]`;
  if (tag !== '' && constructor !== tag) base += ` [${tag}]`;
  if (constructor !== null) {
    const parent = getPrototypeOf(value).name;
    if (parent) base += ` extends ${parent}`;
  } else {
    base += ' extends null';
  }
  return `[${base}]`;
}

function boxedBase(value, kind, ctx, keys, constructor, tag) {
  const primitive = globalThis[kind].prototype.valueOf.call(value);
  let base = `[${kind}`;
  if (kind !== constructor) base += constructor === null ? ' (null prototype)' : ` (${constructor})`;
  base += `: ${formatPrimitive({ ...ctx, stylize: plain }, primitive)}]`;
  if (tag !== '' && tag !== constructor) base += ` [${tag}]`;
  return keys.length !== 0 || ctx.stylize === plain ? base : ctx.stylize(base, kind.toLowerCase());
}

function stackOf(error) {
  return error.stack ? String(error.stack) : errorToString.call(error);
}

function formatError(err, constructor, tag, ctx, keys) {
  const name = err.name != null ? String(err.name) : 'Error';
  let stack = stackOf(err);
  if (!ctx.showHidden && keys.length !== 0) {
    for (const k of ['name', 'message', 'stack']) {
      const i = keys.indexOf(k);
      if (i !== -1 && (typeof err[k] !== 'string' || stack.includes(err[k]))) keys.splice(i, 1);
    }
  }
  if ('cause' in err && !keys.includes('cause')) keys.push('cause');
  if (Array.isArray(err.errors) && !keys.includes('errors')) keys.push('errors');
  stack = improveStack(stack, constructor, name, tag);
  let pos = (err.message && stack.indexOf(err.message)) || -1;
  if (pos !== -1) pos += err.message.length;
  const start = stack.indexOf('\n    at', pos);
  if (start === -1) {
    stack = `[${stack}]`;
  } else {
    const frames = stack.slice(start + 1).split('\n');
    collapseFrames(frames, err.cause);
    stack = `${stack.slice(0, start)}\n${frames.join('\n')}`;
  }
  if (ctx.indentationLvl !== 0) stack = stack.replaceAll('\n', `\n${' '.repeat(ctx.indentationLvl)}`);
  return stack;
}

function collapseFrames(frames, cause) {
  if (!isInstance(cause, Error)) return;
  const text = stackOf(cause);
  const start = text.indexOf('\n    at');
  if (start === -1) return;
  const other = text.slice(start + 1).split('\n');
  let common = 0;
  while (common < frames.length && common < other.length && frames[frames.length - 1 - common] === other[other.length - 1 - common]) common++;
  if (common > 3) frames.splice(frames.length - common + 1, common - 2, `    ... ${common - 2} lines matching cause stack trace ...`);
}

function improveStack(stack, constructor, name, tag) {
  const len = name.length;
  if (constructor === null || (name.endsWith('Error') && stack.startsWith(name) && (stack.length === len || stack[len] === ':' || stack[len] === '\n'))) {
    if (constructor === null) {
      const start = /^([A-Z][a-z_ A-Z0-9[\]()-]+)(?::|\n\s+at)/.exec(stack) || /^([a-z_A-Z0-9-]*Error)$/.exec(stack);
      const fallback = (start && start[1]) || '';
      return `${prefixOf(constructor, tag, fallback || 'Error').slice(0, -1)}${stack.slice(fallback.length)}`;
    }
    if (name !== constructor) {
      if (constructor.includes(name)) return len === 0 ? `${constructor}: ${stack}` : `${constructor}${stack.slice(len)}`;
      return `${constructor} [${name}]${stack.slice(len)}`;
    }
  }
  return stack;
}

function remainingText(n) {
  return `... ${n} more item${n > 1 ? 's' : ''}`;
}

function formatArray(ctx, value, recurseTimes) {
  const length = value.length;
  const shown = Math.min(Math.max(0, ctx.maxArrayLength), length);
  const output = [];
  for (let i = 0; i < shown; i++) {
    if (!hasOwn(value, i)) return formatSparse(ctx, value, recurseTimes, shown, output, i);
    output.push(formatProperty(ctx, value, recurseTimes, i, ARRAY));
  }
  if (length > shown) output.push(remainingText(length - shown));
  return output;
}

function formatSparse(ctx, value, recurseTimes, maxLength, output, i) {
  const keys = objectKeys(value);
  let index = i;
  for (; i < keys.length && output.length < maxLength; i++) {
    const key = keys[i];
    if (!isIndex(key)) break;
    if (String(index) !== key) {
      const empty = key - index;
      output.push(ctx.stylize(`<${empty} empty item${empty > 1 ? 's' : ''}>`, 'undefined'));
      index = +key;
      if (output.length === maxLength) break;
    }
    output.push(formatProperty(ctx, value, recurseTimes, key, ARRAY));
    index++;
  }
  const remaining = value.length - index;
  if (output.length !== maxLength) {
    if (remaining > 0) output.push(ctx.stylize(`<${remaining} empty item${remaining > 1 ? 's' : ''}>`, 'undefined'));
  } else if (remaining > 0) {
    output.push(remainingText(remaining));
  }
  return output;
}

function formatTypedArray(ctx, value, recurseTimes) {
  const length = typedArrayLength.call(value);
  const shown = Math.min(Math.max(0, ctx.maxArrayLength), length);
  const output = [];
  for (let i = 0; i < shown; i++) output.push(typeof value[i] === 'bigint' ? formatBigInt(ctx.stylize, value[i]) : formatNumber(ctx.stylize, value[i]));
  if (length > shown) output.push(remainingText(length - shown));
  if (ctx.showHidden) {
    ctx.indentationLvl += 2;
    for (const key of ['BYTES_PER_ELEMENT', 'length', 'byteLength', 'byteOffset', 'buffer'])
      output.push(`[${key}]: ${formatValue(ctx, value[key], recurseTimes, true)}`);
    ctx.indentationLvl -= 2;
  }
  return output;
}

function formatArrayBuffer(ctx, value) {
  const bytes = new Uint8Array(value);
  const shown = Math.min(Math.max(0, ctx.maxArrayLength), bytes.length);
  let text = '';
  for (let i = 0; i < shown; i++) text += (i ? ' ' : '') + (bytes[i] < 16 ? '0' : '') + bytes[i].toString(16);
  const more = bytes.length - shown;
  if (more > 0) text += ` ... ${more} more byte${more > 1 ? 's' : ''}`;
  return [`${ctx.stylize('[Uint8Contents]', 'special')}: <${text}>`];
}

function formatSet(ctx, value, recurseTimes) {
  const size = setSize.call(value);
  const shown = Math.min(Math.max(0, ctx.maxArrayLength), size);
  const output = [];
  let i = 0;
  ctx.indentationLvl += 2;
  for (const v of setValues(value)) {
    if (i++ >= shown) break;
    output.push(formatValue(ctx, v, recurseTimes));
  }
  if (size > shown) output.push(remainingText(size - shown));
  ctx.indentationLvl -= 2;
  return output;
}

function formatMap(ctx, value, recurseTimes) {
  const size = mapSize.call(value);
  const shown = Math.min(Math.max(0, ctx.maxArrayLength), size);
  const output = [];
  let i = 0;
  ctx.indentationLvl += 2;
  for (const [k, v] of mapEntries(value)) {
    if (i++ >= shown) break;
    output.push(`${formatValue(ctx, k, recurseTimes)} => ${formatValue(ctx, v, recurseTimes)}`);
  }
  if (size > shown) output.push(remainingText(size - shown));
  ctx.indentationLvl -= 2;
  return output;
}

function formatPromise(ctx, value, recurseTimes) {
  const [state, result] = native.promiseParts(value);
  if (state === 0) return [ctx.stylize('<pending>', 'special')];
  const text = formatInner(ctx, result, recurseTimes);
  return [state === 2 ? `${ctx.stylize('<rejected>', 'special')} ${text}` : text];
}

function formatNamespace(keys, ctx, value, recurseTimes) {
  return keys.map((key) => {
    try {
      return formatProperty(ctx, value, recurseTimes, key, OBJECT);
    } catch {
      return `${key}: ${ctx.stylize('<uninitialized>', 'special')}`;
    }
  });
}

function formatProperty(ctx, value, recurseTimes, key, type) {
  const desc = getOwnPropertyDescriptor(value, key) || { value: value[key], configurable: true, enumerable: true };
  let text;
  if (desc.value !== undefined) {
    const diff = ctx.compact !== true || type !== OBJECT ? 2 : 3;
    ctx.indentationLvl += diff;
    text = formatValue(ctx, desc.value, recurseTimes);
    ctx.indentationLvl -= diff;
  } else if (desc.get !== undefined) {
    const label = desc.set !== undefined ? 'Getter/Setter' : 'Getter';
    if (ctx.getters === true || (ctx.getters === 'get' && desc.set === undefined) || (ctx.getters === 'set' && desc.set !== undefined)) {
      try {
        const got = desc.get.call(value);
        ctx.indentationLvl += 2;
        text = got === null || typeof got !== 'object' ? `[${label}: ${formatPrimitive(ctx, got)}]` : `[${label}] ${formatValue(ctx, got, recurseTimes)}`;
        ctx.indentationLvl -= 2;
      } catch (e) {
        text = `[${label}: <Inspection threw (${e.message})>]`;
      }
    } else {
      text = ctx.stylize(`[${label}]`, 'special');
    }
  } else if (desc.set !== undefined) {
    text = ctx.stylize('[Setter]', 'special');
  } else {
    text = ctx.stylize('undefined', 'undefined');
  }
  if (type === ARRAY) return text;
  let name;
  if (typeof key === 'symbol') name = `[${ctx.stylize(String(key).replace(/[\x00-\x1f\x7f-\x9f]/g, escapeChar), 'symbol')}]`;
  else if (key === '__proto__') name = "['__proto__']";
  else if (desc.enumerable === false) name = `[${key.replace(/[\x00-\x1f\x7f-\x9f]/g, escapeChar)}]`;
  else if (/^[a-zA-Z_][a-zA-Z_0-9]*$/.test(key)) name = ctx.stylize(key, 'name');
  else name = ctx.stylize(quote(key), 'string');
  return `${name}: ${text}`;
}

function formatNumber(stylize, n) {
  return stylize(Object.is(n, -0) ? '-0' : `${n}`, 'number');
}

function formatBigInt(stylize, n) {
  return stylize(`${n}n`, 'bigint');
}

function formatPrimitive(ctx, value) {
  switch (typeof value) {
    case 'string': {
      let trailer = '';
      if (value.length > ctx.maxStringLength) {
        const remaining = value.length - ctx.maxStringLength;
        value = value.slice(0, ctx.maxStringLength);
        trailer = `... ${remaining} more character${remaining > 1 ? 's' : ''}`;
      }
      if (ctx.compact !== true && value.length > 16 && value.length > ctx.breakLength - ctx.indentationLvl - 4 && value.includes('\n')) {
        return value.split(/(?<=\n)/).map((line) => ctx.stylize(quote(line), 'string')).join(` +\n${' '.repeat(ctx.indentationLvl + 2)}`) + trailer;
      }
      return ctx.stylize(quote(value), 'string') + trailer;
    }
    case 'number':
      return formatNumber(ctx.stylize, value);
    case 'bigint':
      return formatBigInt(ctx.stylize, value);
    case 'boolean':
      return ctx.stylize(`${value}`, 'boolean');
    case 'undefined':
      return ctx.stylize('undefined', 'undefined');
    case 'symbol':
      return ctx.stylize(Symbol.prototype.toString.call(value), 'symbol');
    default:
      return ctx.stylize('null', 'null');
  }
}

const escapes = { '\b': '\\b', '\t': '\\t', '\n': '\\n', '\f': '\\f', '\r': '\\r', '\\': '\\\\', "'": "\\'" };

function escapeChar(c) {
  return escapes[c] || `\\x${c.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
}

function quote(text) {
  let mark = "'";
  if (text.includes("'")) {
    if (!text.includes('"')) mark = '"';
    else if (!text.includes('`') && !text.includes('${')) mark = '`';
  }
  if (/[\x00-\x1f\x7f-\x9f\\\ud800-\udfff']/.test(text)) {
    text = text.replace(/[\ud800-\udbff][\udc00-\udfff]|[\x00-\x1f\x7f-\x9f\\\ud800-\udfff']/g, (c) => {
      if (c.length === 2) return c;
      if (c === "'") return mark === "'" ? "\\'" : c;
      if (c >= '\ud800') return `\\u${c.charCodeAt(0).toString(16).toUpperCase()}`;
      return escapeChar(c);
    });
  }
  return mark + text + mark;
}

function reduceToSingleString(ctx, output, base, braces, extras, recurseTimes, value) {
  const lead = base ? `${base} ` : '';
  if (ctx.compact !== true) {
    if (typeof ctx.compact === 'number' && ctx.compact >= 1) {
      const entries = output.length;
      if (extras === ARRAY_EXTRAS && entries > 6) output = groupElements(ctx, output, value);
      if (ctx.currentDepth - recurseTimes < ctx.compact && entries === output.length) {
        const start = output.length + ctx.indentationLvl + braces[0].length + base.length + 10;
        if (fits(ctx, output, start, base)) {
          const joined = output.join(', ');
          if (!joined.includes('\n')) return `${lead}${braces[0]} ${joined} ${braces[1]}`;
        }
      }
    }
    const indentation = `\n${' '.repeat(ctx.indentationLvl)}`;
    return `${lead}${braces[0]}${indentation}  ${output.join(`,${indentation}  `)}${indentation}${braces[1]}`;
  }
  if (fits(ctx, output, 0, base)) return `${braces[0]}${base ? ` ${base}` : ''} ${output.join(', ')} ${braces[1]}`;
  const indentation = ' '.repeat(ctx.indentationLvl);
  const ln = base === '' && braces[0].length === 1 ? ' ' : `${base ? ` ${base}` : ''}\n${indentation}  `;
  return `${braces[0]}${ln}${output.join(`,\n${indentation}  `)} ${braces[1]}`;
}

function fits(ctx, output, start, base) {
  let total = output.length + start;
  if (total + output.length > ctx.breakLength) return false;
  for (const text of output) {
    total += ctx.colors ? stripColors(text).length : text.length;
    if (total > ctx.breakLength) return false;
  }
  return base === '' || !base.includes('\n');
}

function groupElements(ctx, output, value) {
  let total = 0;
  let longest = 0;
  let count = output.length;
  if (ctx.maxArrayLength < output.length) count--; // the text about the rest stands alone
  const widths = new Array(count);
  for (let i = 0; i < count; i++) {
    const width = ctx.colors ? stringWidth(stripColors(output[i])) : stringWidth(output[i]);
    widths[i] = width;
    total += width + 2;
    if (longest < width) longest = width;
  }
  const actualMax = longest + 2;
  if (!(actualMax * 3 + ctx.indentationLvl < ctx.breakLength && (total / actualMax > 5 || longest <= 6))) return output;
  const bias = Math.sqrt(actualMax - total / output.length);
  const biasedMax = Math.max(actualMax - 3 - bias, 1);
  const columns = Math.min(
    Math.round(Math.sqrt(2.5 * biasedMax * count) / biasedMax),
    Math.floor((ctx.breakLength - ctx.indentationLvl) / actualMax),
    ctx.compact * 4,
    15,
  );
  if (columns <= 1) return output;
  const lines = [];
  const lineWidths = [];
  for (let i = 0; i < columns; i++) {
    let width = 0;
    for (let j = i; j < count; j += columns) if (widths[j] > width) width = widths[j];
    lineWidths.push(width + 2);
  }
  let atStart = true; // numbers are aligned to the right
  if (value !== undefined) {
    for (let i = 0; i < output.length; i++) {
      if (typeof value[i] !== 'number' && typeof value[i] !== 'bigint') {
        atStart = false;
        break;
      }
    }
  }
  for (let i = 0; i < count; i += columns) {
    const max = Math.min(i + columns, count);
    let line = '';
    let j = i;
    for (; j < max - 1; j++) {
      const padding = lineWidths[j - i] + output[j].length - widths[j];
      line += atStart ? `${output[j]}, `.padStart(padding) : `${output[j]}, `.padEnd(padding);
    }
    line += atStart ? output[j].padStart(lineWidths[j - i] + output[j].length - widths[j] - 2) : output[j];
    lines.push(line);
  }
  if (ctx.maxArrayLength < output.length) lines.push(output[count]);
  return lines;
}

function stripColors(text) {
  return text.replace(/\u001b\[[0-9;]*m/g, '');
}

// How many columns a terminal uses: two for East Asian wide characters and emoji, none for combining ones.
function stringWidth(text) {
  if (/^[\x20-\x7e]*$/.test(text)) return text.length;
  let width = 0;
  for (const c of text.normalize('NFC')) {
    const code = c.codePointAt(0);
    if (isWide(code)) width += 2;
    else if (!isZeroWidth(code)) width += 1;
  }
  return width;
}

function isWide(code) {
  return code >= 0x1100 && (
    code <= 0x115f || code === 0x2329 || code === 0x232a || (code >= 0x2e80 && code <= 0x3247 && code !== 0x303f) ||
    (code >= 0x3250 && code <= 0x4dbf) || (code >= 0x4e00 && code <= 0xa4c6) || (code >= 0xa960 && code <= 0xa97c) ||
    (code >= 0xac00 && code <= 0xd7a3) || (code >= 0xf900 && code <= 0xfaff) || (code >= 0xfe10 && code <= 0xfe19) ||
    (code >= 0xfe30 && code <= 0xfe6b) || (code >= 0xff01 && code <= 0xff60) || (code >= 0xffe0 && code <= 0xffe6) ||
    (code >= 0x1b000 && code <= 0x1b001) || (code >= 0x1f200 && code <= 0x1f251) || (code >= 0x1f300 && code <= 0x1f64f) ||
    (code >= 0x1f680 && code <= 0x1f6ff) || (code >= 0x1f900 && code <= 0x1f9ff) || (code >= 0x20000 && code <= 0x3fffd) ||
    code === 0x2705 || code === 0x274c || code === 0x2b50 || code === 0x231a || code === 0x231b || code === 0x2728);
}

function isZeroWidth(code) {
  return code <= 0x1f || (code >= 0x7f && code <= 0x9f) || (code >= 0x300 && code <= 0x36f) || (code >= 0x200b && code <= 0x200f) ||
    (code >= 0x20d0 && code <= 0x20ff) || (code >= 0xfe00 && code <= 0xfe0f) || (code >= 0xfe20 && code <= 0xfe2f) || (code >= 0xe0100 && code <= 0xe01ef);
}

// ---- format ----

function hasBuiltInToString(value) {
  while (native.classOf(value) === 'Proxy') {
    value = native.proxyParts(value)[0];
    if (value === null) return true;
  }
  if (typeof value.toString !== 'function') return true;
  if (hasOwn(value, 'toString')) return false;
  let p = value;
  do p = getPrototypeOf(p); while (!hasOwn(p, 'toString'));
  const d = getOwnPropertyDescriptor(p, 'constructor');
  return d !== undefined && typeof d.value === 'function' && builtIns.has(d.value.name);
}

function toJSON(value) {
  try {
    return JSON.stringify(value);
  } catch (e) {
    if (/circular/.test(e.message)) return '[Circular]';
    throw e;
  }
}

function format(...args) {
  return formatWithOptions(none, ...args);
}

const none = Object.freeze({});

// simple is the text of a value that needs no thought, as programs print most, or undefined.
function simple(value) {
  switch (typeof value) {
    case 'number': return formatNumber(plain, value);
    case 'boolean': return value ? 'true' : 'false';
    case 'undefined': return 'undefined';
  }
  return value === null ? 'null' : undefined;
}

function formatWithOptions(opts, ...args) {
  const first = args[0];
  if (args.length === 1) return typeof first === 'string' ? first : (opts === none && !defaults.colors ? simple(first) : undefined) ?? inspect(first, opts);
  let out = '';
  let next = 0;
  if (typeof first === 'string') {
    next = 1;
    let from = 0;
    for (let i = 0; i < first.length - 1; i++) {
      if (first[i] !== '%') continue;
      const c = first[i + 1];
      if (c === '%') {
        out += first.slice(from, i + 1);
        from = i + 2;
        i++;
        continue;
      }
      if (next === args.length) continue;
      let text;
      const arg = args[next];
      switch (c) {
        case 's':
          if (typeof arg === 'number') text = formatNumber(plain, arg);
          else if (typeof arg === 'bigint') text = formatBigInt(plain, arg);
          else if (typeof arg !== 'object' || arg === null || !hasBuiltInToString(arg)) text = String(arg);
          else text = inspect(arg, { ...opts, depth: 0, colors: false, compact: 3 });
          break;
        case 'j':
          text = toJSON(arg);
          break;
        case 'd':
          if (typeof arg === 'bigint') text = formatBigInt(plain, arg);
          else if (typeof arg === 'symbol') text = formatNumber(plain, NaN);
          else text = formatNumber(plain, Number(arg));
          break;
        case 'i':
          if (typeof arg === 'bigint') text = formatBigInt(plain, arg);
          else if (typeof arg === 'symbol') text = formatNumber(plain, NaN);
          else text = formatNumber(plain, parseInt(arg));
          break;
        case 'f':
          text = typeof arg === 'symbol' ? formatNumber(plain, NaN) : formatNumber(plain, parseFloat(arg));
          break;
        case 'o':
          text = inspect(arg, { ...opts, showHidden: true, showProxy: true, depth: 4 });
          break;
        case 'O':
          text = inspect(arg, opts);
          break;
        case 'c':
          text = '';
          break;
        default:
          continue;
      }
      out += first.slice(from, i) + text;
      from = i + 2;
      next++;
      i++;
    }
    out += first.slice(from);
  }
  for (let i = next; i < args.length; i++) {
    if (i > 0) out += ' ';
    out += typeof args[i] === 'string' ? args[i] : (opts === none ? simple(args[i]) : undefined) ?? inspect(args[i], { ...opts, compact: 3, colors: false });
  }
  return out;
}

module.exports = { inspect, format, formatWithOptions, stringWidth, stripColors, quote, isInstance };
