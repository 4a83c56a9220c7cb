// Results as JSON: the table "Values" of the guest ABI. The encoder writes text itself, because JSON.stringify asks objects
// for toJSON, cannot stop at a size, and may have been replaced by the program.

const { inspect } = internal('inspect');
const stringify = JSON.stringify;
const { getPrototypeOf, getOwnPropertyDescriptor } = Object;
const hasOwn = (o, k) => Object.prototype.hasOwnProperty.call(o, k);
const maxDepth = 64;
const reprLimit = 4096;

// encode gives the JSON text of a value. More than limit bytes gives a "truncated" object that holds the beginning.
function encode(value, limit = Infinity) {
  const sink = { parts: [], bytes: 0, limit };
  write(sink, value, [], 0);
  if (sink.bytes > limit) return `{"$type":"truncated","repr":${stringify(repr(value))},"bytes":${sink.bytes}}`;
  return sink.parts.join('');
}

function put(sink, text) {
  sink.bytes += byteLength(text);
  if (sink.bytes <= sink.limit) sink.parts.push(text);
  else sink.parts.length = 0; // only the size still matters
}

function byteLength(text) {
  if (/^[\x00-\x7f]*$/.test(text)) return text.length;
  let n = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c < 0x80) n += 1;
    else if (c < 0x800) n += 2;
    else if (c >= 0xd800 && c < 0xdc00 && i + 1 < text.length) {
      n += 4;
      i++;
    } else n += 3;
  }
  return n;
}

function repr(value, limit = reprLimit) {
  let text;
  try {
    text = inspect(value, { depth: 2, maxArrayLength: 100, maxStringLength: reprLimit });
  } catch (e) {
    text = `[${native.classOf(value) || typeof value}]`;
  }
  return text.length > limit ? text.slice(0, limit) : text;
}

function tagged(sink, type, field, text) {
  put(sink, `{"$type":"${type}","${field}":${text}}`);
}

function write(sink, value, seen, depth) {
  switch (typeof value) {
    case 'string':
      return put(sink, stringify(value));
    case 'boolean':
      return put(sink, value ? 'true' : 'false');
    case 'number':
      if (Number.isFinite(value) && !Object.is(value, -0)) return put(sink, `${value}`);
      return tagged(sink, 'float', 'value', Number.isNaN(value) ? '"nan"' : Object.is(value, -0) ? '"-0"' : value > 0 ? '"inf"' : '"-inf"');
    case 'bigint':
      return tagged(sink, 'int', 'value', `"${value}"`);
    case 'undefined':
      return put(sink, '{"$type":"undefined"}');
    case 'symbol':
      return opaque(sink, value, 'Symbol');
    case 'function':
      return opaque(sink, value, native.functionKind(value) >= 4 ? 'class' : 'Function');
  }
  if (value === null) return put(sink, 'null');
  if (seen.includes(value) || depth >= maxDepth) return tagged(sink, 'ref', 'repr', stringify(repr(value, 200)));
  seen.push(value);
  try {
    writeObject(sink, value, seen, depth + 1);
  } catch (e) {
    // A getter or a proxy of the program threw.
    opaque(sink, value, className(value));
  }
  seen.pop();
}

function opaque(sink, value, name) {
  put(sink, `{"$type":"object","class":${stringify(name)},"repr":${stringify(repr(value))}}`);
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
  if (Array.isArray(value)) return writeList(sink, value, seen, depth);
  const kind = native.classOf(value);
  switch (kind) {
    case 'Map':
      return writeMap(sink, [...Map.prototype.entries.call(value)], seen, depth);
    case 'Set':
      put(sink, '{"$type":"set","items":');
      writeList(sink, [...Set.prototype.values.call(value)], seen, depth);
      return put(sink, '}');
    case 'Date':
      if (Number.isNaN(value.getTime())) return opaque(sink, value, 'Date');
      return tagged(sink, 'datetime', 'value', stringify(Date.prototype.toISOString.call(value)));
    case 'Uint8Array':
    case 'Uint8ClampedArray':
      return tagged(sink, 'bytes', 'value', `"${base64(value)}"`);
    case 'ArrayBuffer':
      return tagged(sink, 'bytes', 'value', `"${base64(new Uint8Array(value))}"`);
    case 'Number':
    case 'String':
    case 'Boolean':
    case 'BigInt':
      return write(sink, value.valueOf(), seen, depth);
    case 'Error':
      return put(sink, `{"$type":"object","class":${stringify(className(value))},"repr":${stringify(`${value.name}: ${value.message}`)}}`);
  }
  if (ArrayBuffer.isView(value) && kind !== 'DataView') return writeList(sink, value, seen, depth);
  const proto = getPrototypeOf(value);
  if (proto === Object.prototype || proto === null) {
    if (hasOwn(value, '$type')) return writeMap(sink, Object.entries(value), seen, depth);
    return writeFields(sink, value, seen, depth);
  }
  if (kind === 'Object' && !hasOwn(proto, Symbol.toStringTag)) {
    put(sink, `{"$type":"object","class":${stringify(className(value))},"fields":`);
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

function writeMap(sink, entries, seen, depth) {
  put(sink, '{"$type":"map","items":[');
  entries.forEach(([k, v], i) => {
    put(sink, i > 0 ? ',[' : '[');
    write(sink, k, seen, depth);
    put(sink, ',');
    write(sink, v, seen, depth);
    put(sink, ']');
  });
  put(sink, ']}');
}

function writeFields(sink, value, seen, depth) {
  put(sink, '{');
  let first = true;
  for (const k of Object.keys(value)) {
    put(sink, `${first ? '' : ','}${stringify(k)}:`);
    first = false;
    const d = getOwnPropertyDescriptor(value, k);
    let v = d && d.value;
    if (d && d.get) {
      try {
        v = d.get.call(value);
      } catch (e) {
        v = e;
      }
    }
    write(sink, v, seen, depth);
  }
  put(sink, '}');
}

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

function base64(bytes) {
  const parts = [];
  let text = '';
  for (let i = 0; i < bytes.length; i += 3) {
    const a = bytes[i], b = bytes[i + 1], c = bytes[i + 2];
    text += alphabet[a >> 2] + alphabet[((a & 3) << 4) | ((b || 0) >> 4)];
    text += i + 1 < bytes.length ? alphabet[((b & 15) << 2) | ((c || 0) >> 6)] : '=';
    text += i + 2 < bytes.length ? alphabet[c & 63] : '=';
    if (text.length >= 4096) {
      parts.push(text);
      text = '';
    }
  }
  return parts.join('') + text;
}

module.exports = { encode, repr, base64, className, byteLength };
