// Results as JSON: the table "Values" of the guest ABI. The encoder writes text itself, because JSON.stringify asks objects
// for toJSON, cannot stop at a size, and may have been replaced by the program.

const { inspect } = internal('inspect');
// What follows is taken before the program runs: it may replace every built-in function, and the report may not depend on it.
const stringify = JSON.stringify;
const { apply } = Reflect;
const { getPrototypeOf, getOwnPropertyDescriptor, keys: objectKeys, is } = Object;
const objectPrototype = Object.prototype;
const { isArray } = Array;
const { isView } = ArrayBuffer;
const { isFinite, isNaN } = Number;
const { call } = Function.prototype;
const uncurry = (f) => call.bind(f);
const hasOwn = uncurry(Object.prototype.hasOwnProperty);
const slice = uncurry(String.prototype.slice);
const mapForEach = uncurry(Map.prototype.forEach);
const setForEach = uncurry(Set.prototype.forEach);
const dateTime = uncurry(Date.prototype.getTime);
const dateToISO = uncurry(Date.prototype.toISOString);
const Bytes = Uint8Array;
const { push, byteLength } = native;
const { toStringTag } = Symbol;
const unboxed = {
  __proto__: null, Number: uncurry(Number.prototype.valueOf), String: uncurry(String.prototype.valueOf),
  Boolean: uncurry(Boolean.prototype.valueOf), BigInt: uncurry(BigInt.prototype.valueOf),
};
const maxDepth = 64;
const reprLimit = 4096;

// encode gives the JSON text of a value. More than limit bytes gives a "truncated" object that holds the beginning.
function encode(value, limit = Infinity) {
  const text = native.json(value, limit); // most values are plain
  if (text !== undefined && byteLength(text) <= limit) return text;
  const sink = { __proto__: null, text: '', bytes: 0, limit };
  write(sink, value, undefined, 0);
  if (sink.bytes > limit) return '{"$type":"truncated","repr":' + stringify(repr(value)) + ',"bytes":' + sink.bytes + '}';
  return sink.text;
}

// encodeArguments gives the JSON of what a program passes to a host function: as encode, but properties that are undefined or functions are left
// out and toJSON is asked, as JSON.stringify does.
function encodeArguments(value) {
  const text = native.json(value, Infinity);
  if (text !== undefined) return text;
  const sink = { __proto__: null, text: '', bytes: 0, limit: Infinity, passing: true };
  write(sink, value, undefined, 0);
  return sink.text;
}

// Objects that stand for something of the host, and the text that says so.
const tags = new WeakMap();
const weakGet = uncurry(WeakMap.prototype.get);
const weakSet = uncurry(WeakMap.prototype.set);
const keepTag = (object, text) => weakSet(tags, object, text);

function put(sink, text) {
  sink.bytes += byteLength(text);
  if (sink.bytes <= sink.limit) sink.text += text;
  else sink.text = ''; // only the size still matters
}

function repr(value, limit = reprLimit) {
  let text;
  try {
    text = inspect(value, { depth: 2, maxArrayLength: 100, maxStringLength: reprLimit });
  } catch (e) {
    text = '[' + (native.classOf(value) || typeof value) + ']';
  }
  if (typeof text !== 'string') return '';
  return text.length > limit ? slice(text, 0, limit) : text;
}

function tagged(sink, type, field, text) {
  put(sink, '{"$type":"' + type + '","' + field + '":' + text + '}');
}

function write(sink, value, seen, depth) {
  switch (typeof value) {
    case 'string':
      return put(sink, stringify(value));
    case 'boolean':
      return put(sink, value ? 'true' : 'false');
    case 'number':
      if (isFinite(value) && !is(value, -0)) return put(sink, '' + value);
      return tagged(sink, 'float', 'value', isNaN(value) ? '"nan"' : is(value, -0) ? '"-0"' : value > 0 ? '"inf"' : '"-inf"');
    case 'bigint':
      return tagged(sink, 'int', 'value', '"' + value + '"');
    case 'undefined':
      return put(sink, '{"$type":"undefined"}');
    case 'symbol':
      return opaque(sink, value, 'Symbol');
    case 'function':
      return opaque(sink, value, native.functionKind(value) >= 4 ? 'class' : 'Function');
  }
  if (value === null) return put(sink, 'null');
  if (contains(seen, value) || depth >= maxDepth) return tagged(sink, 'ref', 'repr', stringify(repr(value, 200)));
  try {
    writeObject(sink, value, { __proto__: null, value, outer: seen }, depth + 1);
  } catch (e) {
    // A getter or a proxy of the program threw.
    opaque(sink, value, className(value));
  }
}

// contains looks through the objects that the writer is inside of, a list from the innermost outwards.
function contains(seen, value) {
  for (let s = seen; s !== undefined; s = s.outer) if (s.value === value) return true;
  return false;
}

function opaque(sink, value, name) {
  put(sink, '{"$type":"object","class":' + stringify(name) + ',"repr":' + stringify(repr(value)) + '}');
}

function className(value) {
  try {
    const name = value.constructor.name;
    return typeof name === 'string' && name !== '' ? name : 'Object';
  } catch {
    return native.classOf(value) || 'Object';
  }
}

function writeObject(sink, value, seen, depth) {
  if (isArray(value)) return writeList(sink, value, seen, depth);
  const tag = weakGet(tags, value);
  if (tag !== undefined) return put(sink, tag);
  const kind = native.classOf(value);
  switch (kind) {
    case 'Map':
      return writeMap(sink, pairs(value), seen, depth);
    case 'Set':
      put(sink, '{"$type":"set","items":');
      writeList(sink, items(value), seen, depth);
      return put(sink, '}');
    case 'Date':
      if (isNaN(dateTime(value))) return opaque(sink, value, 'Date');
      return tagged(sink, 'datetime', 'value', stringify(dateToISO(value)));
    case 'Uint8Array':
    case 'Uint8ClampedArray':
      return tagged(sink, 'bytes', 'value', '"' + base64(value) + '"');
    case 'ArrayBuffer':
      return tagged(sink, 'bytes', 'value', '"' + base64(new Bytes(value)) + '"');
    case 'Number':
    case 'String':
    case 'Boolean':
    case 'BigInt':
      return write(sink, unboxed[kind](value), seen, depth);
    case 'Error':
      return put(sink, '{"$type":"object","class":' + stringify(className(value)) + ',"repr":' + stringify('' + value.name + ': ' + value.message) + '}');
  }
  if (isView(value) && kind !== 'DataView') return writeList(sink, value, seen, depth);
  const proto = getPrototypeOf(value);
  if (sink.passing && typeof value.toJSON === 'function') return write(sink, value.toJSON(), seen, depth);
  if (proto === objectPrototype || proto === null) {
    if (hasOwn(value, '$type')) return writeMap(sink, entries(value), seen, depth);
    return writeFields(sink, value, seen, depth);
  }
  if (kind === 'Object' && !hasOwn(proto, toStringTag)) {
    put(sink, '{"$type":"object","class":' + stringify(className(value)) + ',"fields":');
    writeFields(sink, value, seen, depth);
    return put(sink, '}');
  }
  return opaque(sink, value, className(value));
}

function writeList(sink, list, seen, depth) {
  put(sink, '[');
  for (let i = 0; i < list.length; i++) {
    if (i > 0) put(sink, ',');
    write(sink, list[i], seen, depth);
  }
  put(sink, ']');
}

function pairs(map) {
  const list = [];
  mapForEach(map, (v, k) => push(list, [k, v]));
  return list;
}

function items(set) {
  const list = [];
  setForEach(set, (v) => push(list, v));
  return list;
}

function entries(object) {
  const names = objectKeys(object);
  const list = [];
  for (let i = 0; i < names.length; i++) push(list, [names[i], object[names[i]]]);
  return list;
}

function writeMap(sink, list, seen, depth) {
  put(sink, '{"$type":"map","items":[');
  for (let i = 0; i < list.length; i++) {
    put(sink, i > 0 ? ',[' : '[');
    write(sink, list[i][0], seen, depth);
    put(sink, ',');
    write(sink, list[i][1], seen, depth);
    put(sink, ']');
  }
  put(sink, ']}');
}

function writeFields(sink, value, seen, depth) {
  put(sink, '{');
  const names = objectKeys(value);
  let comma = '';
  for (let i = 0; i < names.length; i++) {
    const k = names[i];
    const d = getOwnPropertyDescriptor(value, k);
    let v = d && hasOwn(d, 'value') ? d.value : undefined;
    if (d && hasOwn(d, 'get') && d.get) {
      try {
        v = apply(d.get, value, []);
      } catch (e) {
        v = e;
      }
    }
    if (sink.passing && (v === undefined || typeof v === 'function')) continue;
    put(sink, comma + stringify(k) + ':');
    comma = ',';
    write(sink, v, seen, depth);
  }
  put(sink, '}');
}

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

function base64(bytes) {
  let text = '';
  for (let i = 0; i < bytes.length; i += 3) {
    const a = bytes[i], b = bytes[i + 1], c = bytes[i + 2];
    text += alphabet[a >> 2] + alphabet[((a & 3) << 4) | ((b || 0) >> 4)] +
      (i + 1 < bytes.length ? alphabet[((b & 15) << 2) | ((c || 0) >> 6)] : '=') + (i + 2 < bytes.length ? alphabet[c & 63] : '=');
  }
  return text;
}

module.exports = { encode, encodeArguments, keepTag, quote: stringify, repr, base64, className, byteLength };
