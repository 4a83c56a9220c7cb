// Node's Buffer: a Uint8Array with encodings and numbers.

const { utf8Encode, utf8Decode, latin1Decode, utf16Decode, base64Decode } = internal('encoding');
const { inspect } = internal('inspect');
const { nodeError } = internal('errors');
const values = internal('values');

const encodings = new Map([
  ['utf8', 'utf8'], ['utf-8', 'utf8'], ['hex', 'hex'], ['base64', 'base64'], ['base64url', 'base64url'], ['latin1', 'latin1'],
  ['binary', 'latin1'], ['ascii', 'ascii'], ['utf16le', 'utf16le'], ['utf-16le', 'utf16le'], ['ucs2', 'utf16le'], ['ucs-2', 'utf16le'],
]);

function encodingName(encoding) {
  if (encoding === undefined || encoding === null || encoding === '') return 'utf8';
  const known = encodings.get(`${encoding}`.toLowerCase());
  if (known === undefined) throw nodeError(TypeError, 'ERR_UNKNOWN_ENCODING', `Unknown encoding: ${encoding}`);
  return known;
}

function encode(text, encoding) {
  switch (encodingName(encoding)) {
    case 'hex': {
      const out = new Uint8Array(text.length >> 1);
      for (let i = 0; i < out.length; i++) {
        const v = /^[0-9a-f]{2}$/i.test(text.substr(2 * i, 2)) ? parseInt(text.substr(2 * i, 2), 16) : -1;
        if (v < 0) return out.subarray(0, i);
        out[i] = v;
      }
      return out;
    }
    case 'base64':
    case 'base64url':
      return base64Decode(text);
    case 'latin1':
    case 'ascii': {
      const out = new Uint8Array(text.length);
      for (let i = 0; i < text.length; i++) out[i] = text.charCodeAt(i);
      return out;
    }
    case 'utf16le': {
      const out = new Uint8Array(text.length * 2);
      for (let i = 0; i < text.length; i++) {
        const c = text.charCodeAt(i);
        out[2 * i] = c & 255;
        out[2 * i + 1] = c >> 8;
      }
      return out;
    }
    default:
      return utf8Encode(text);
  }
}

function decode(bytes, encoding) {
  switch (encodingName(encoding)) {
    case 'hex': {
      let text = '';
      for (let i = 0; i < bytes.length; i++) text += (bytes[i] < 16 ? '0' : '') + bytes[i].toString(16);
      return text;
    }
    case 'base64':
      return values.base64(bytes);
    case 'base64url':
      return values.base64(bytes).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
    case 'latin1':
      return latin1Decode(bytes);
    case 'ascii':
      return latin1Decode(bytes, 127);
    case 'utf16le':
      return utf16Decode(bytes, false);
    default:
      return utf8Decode(bytes, false, {}, false);
  }
}

function checkSize(size) {
  if (typeof size !== 'number') throw nodeError(TypeError, 'ERR_INVALID_ARG_TYPE', `The "size" argument must be of type number. Received ${inspect(size)}`);
  if (!(size >= 0 && size <= 2 ** 31)) throw nodeError(RangeError, 'ERR_OUT_OF_RANGE', `The value of "size" is out of range. It must be >= 0 && <= 2147483648. Received ${size}`);
}

class FastBuffer extends Uint8Array {}

function view(bytes) {
  return Object.setPrototypeOf(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength), Buffer.prototype);
}

function from(value, encodingOrOffset, length) {
  if (typeof value === 'string') return view(encode(value, encodingOrOffset));
  if (value !== null && typeof value === 'object') {
    const kind = native.classOf(value);
    if (kind === 'ArrayBuffer' || kind === 'SharedArrayBuffer') return view(new Uint8Array(value, encodingOrOffset, length));
    if (ArrayBuffer.isView(value)) return view(Uint8Array.from(value));
    if (value.type === 'Buffer' && Array.isArray(value.data)) return view(Uint8Array.from(value.data));
    if (typeof value.length === 'number' || typeof value[Symbol.iterator] === 'function') return view(Uint8Array.from(value, (v) => v & 255));
    const primitive = value.valueOf && value.valueOf();
    if (primitive !== undefined && primitive !== null && primitive !== value) return from(primitive, encodingOrOffset, length);
  }
  throw nodeError(TypeError, 'ERR_INVALID_ARG_TYPE',
    `The first argument must be of type string or an instance of Buffer, ArrayBuffer, or Array or an Array-like Object. Received ${value === null || value === undefined ? value : `type ${typeof value} (${inspect(value)})`}`);
}

function Buffer(value, encodingOrOffset, length) {
  if (typeof value === 'number') return Buffer.alloc(value);
  return from(value, encodingOrOffset, length);
}
Object.setPrototypeOf(Buffer, Uint8Array);
Buffer.prototype = FastBuffer.prototype;
Object.defineProperty(Buffer.prototype, 'constructor', { value: Buffer, writable: true, configurable: true, enumerable: false });

const statics = {
  from,
  alloc(size, fill, encoding) {
    checkSize(size);
    const b = view(new Uint8Array(size));
    return fill === undefined || fill === 0 ? b : b.fill(fill, encoding);
  },
  allocUnsafe(size) {
    return Buffer.alloc(size);
  },
  allocUnsafeSlow(size) {
    return Buffer.alloc(size);
  },
  of: (...items) => view(Uint8Array.from(items, (v) => v & 255)),
  isBuffer: (v) => v instanceof Buffer,
  isEncoding: (e) => typeof e === 'string' && encodings.has(e.toLowerCase()),
  byteLength(value, encoding) {
    return typeof value === 'string' ? encode(value, encoding).length : value.byteLength;
  },
  concat(list, total) {
    if (!Array.isArray(list)) throw nodeError(TypeError, 'ERR_INVALID_ARG_TYPE', `The "list" argument must be an instance of Array. Received ${inspect(list)}`);
    total = total ?? list.reduce((n, b) => n + b.length, 0);
    const out = Buffer.alloc(total);
    let at = 0;
    for (const b of list) {
      if (at >= total) break;
      const part = b.length > total - at ? b.subarray(0, total - at) : b;
      out.set(part, at);
      at += part.length;
    }
    return out;
  },
  compare(a, b) {
    const n = Math.min(a.length, b.length);
    for (let i = 0; i < n; i++) if (a[i] !== b[i]) return a[i] < b[i] ? -1 : 1;
    return Math.sign(a.length - b.length);
  },
};
for (const k of Object.keys(statics)) Object.defineProperty(Buffer, k, { value: statics[k], writable: true, configurable: true, enumerable: true });
Buffer.poolSize = 8192;

function bounds(b, start, end) {
  start = start === undefined ? 0 : Math.min(Math.max(0, start | 0), b.length);
  end = end === undefined ? b.length : Math.min(Math.max(0, end | 0), b.length);
  return [start, Math.max(start, end)];
}

function needle(value, encoding) {
  if (typeof value === 'number') return Uint8Array.of(value & 255);
  return typeof value === 'string' ? encode(value, encoding) : value;
}

const methods = {
  toString(encoding, start, end) {
    [start, end] = bounds(this, start, end);
    return decode(Uint8Array.prototype.subarray.call(this, start, end), encoding);
  },
  toJSON() {
    return { type: 'Buffer', data: Array.from(this) };
  },
  equals(other) {
    return Buffer.compare(this, other) === 0;
  },
  compare(other, ts, te, ss, se) {
    return Buffer.compare(this.subarray(ss, se), other.subarray(ts, te));
  },
  write(text, offset = 0, length, encoding) {
    if (typeof offset === 'string') [offset, encoding, length] = [0, offset, undefined];
    if (typeof length === 'string') [length, encoding] = [undefined, length];
    const room = Math.min(length ?? Infinity, this.length - offset);
    let bytes = encode(text, encoding);
    if (bytes.length > room) {
      let n = room;
      if (encodingName(encoding) === 'utf8') while (n > 0 && (bytes[n] & 0xc0) === 0x80) n--; // whole characters only
      bytes = bytes.subarray(0, n);
    }
    this.set(bytes, offset);
    return bytes.length;
  },
  fill(value, offset, end, encoding) {
    if (typeof offset === 'string') [encoding, offset, end] = [offset, 0, undefined];
    else if (typeof end === 'string') [encoding, end] = [end, undefined];
    [offset, end] = bounds(this, offset, end);
    if (typeof value === 'number' || typeof value === 'boolean') {
      Uint8Array.prototype.fill.call(this, value & 255, offset, end);
      return this;
    }
    const pattern = needle(value, encoding);
    for (let i = offset; i < end; i++) this[i] = pattern.length === 0 ? 0 : pattern[(i - offset) % pattern.length];
    return this;
  },
  copy(target, at = 0, start = 0, end = this.length) {
    const part = Uint8Array.prototype.subarray.call(this, start, Math.min(end, start + target.length - at));
    target.set(part, at);
    return part.length;
  },
  slice(start, end) {
    return this.subarray(start, end);
  },
  subarray(start, end) {
    return view(Uint8Array.prototype.subarray.call(Object.setPrototypeOf(new Uint8Array(this.buffer, this.byteOffset, this.length), Uint8Array.prototype), start, end));
  },
  indexOf(value, from = 0, encoding) {
    const n = needle(value, encoding);
    if (from < 0) from = Math.max(0, this.length + from);
    for (let i = from; i + n.length <= this.length; i++) {
      let k = 0;
      while (k < n.length && this[i + k] === n[k]) k++;
      if (k === n.length) return i;
    }
    return -1;
  },
  lastIndexOf(value, from = this.length, encoding) {
    const n = needle(value, encoding);
    for (let i = Math.min(from, this.length - n.length); i >= 0; i--) {
      let k = 0;
      while (k < n.length && this[i + k] === n[k]) k++;
      if (k === n.length) return i;
    }
    return -1;
  },
  includes(value, from, encoding) {
    return this.indexOf(value, from, encoding) !== -1;
  },
  swap16() {
    for (let i = 0; i + 1 < this.length; i += 2) [this[i], this[i + 1]] = [this[i + 1], this[i]];
    return this;
  },
  readUIntBE(at, n) {
    let v = 0;
    for (let i = 0; i < n; i++) v = v * 256 + this[at + i];
    return v;
  },
  readUIntLE(at, n) {
    let v = 0;
    for (let i = n - 1; i >= 0; i--) v = v * 256 + this[at + i];
    return v;
  },
  readIntBE(at, n) {
    const v = this.readUIntBE(at, n);
    return v >= 2 ** (8 * n - 1) ? v - 2 ** (8 * n) : v;
  },
  readIntLE(at, n) {
    const v = this.readUIntLE(at, n);
    return v >= 2 ** (8 * n - 1) ? v - 2 ** (8 * n) : v;
  },
  writeUIntBE(v, at, n) {
    for (let i = n - 1; i >= 0; i--, v = Math.floor(v / 256)) this[at + i] = v;
    return at + n;
  },
  writeUIntLE(v, at, n) {
    for (let i = 0; i < n; i++, v = Math.floor(v / 256)) this[at + i] = v;
    return at + n;
  },
  writeIntBE(v, at, n) {
    return this.writeUIntBE(v < 0 ? v + 2 ** (8 * n) : v, at, n);
  },
  writeIntLE(v, at, n) {
    return this.writeUIntLE(v < 0 ? v + 2 ** (8 * n) : v, at, n);
  },
};
const numbers = {
  Int8: [1, 'Int8'], UInt8: [1, 'Uint8'], Int16: [2, 'Int16'], UInt16: [2, 'Uint16'], Int32: [4, 'Int32'], UInt32: [4, 'Uint32'],
  BigInt64: [8, 'BigInt64'], BigUInt64: [8, 'BigUint64'], Float: [4, 'Float32'], Double: [8, 'Float64'],
};
for (const k of Object.keys(numbers)) {
  const [size, type] = numbers[k];
  for (const order of size === 1 ? [''] : ['LE', 'BE']) {
    const at = (b, offset) => {
      if (!(offset >= 0 && offset + size <= b.length)) throw nodeError(RangeError, 'ERR_OUT_OF_RANGE', `The value of "offset" is out of range. It must be >= 0 and <= ${b.length - size}. Received ${offset}`);
      return new DataView(b.buffer, b.byteOffset, b.byteLength);
    };
    methods[`read${k}${order}`] = function (offset = 0) {
      return at(this, offset)[`get${type}`](offset, order === 'LE');
    };
    methods[`write${k}${order}`] = function (value, offset = 0) {
      at(this, offset)[`set${type}`](offset, value, order === 'LE');
      return offset + size;
    };
    methods[`read${k.replace('UInt', 'Uint')}${order}`] = methods[`read${k}${order}`];
    methods[`write${k.replace('UInt', 'Uint')}${order}`] = methods[`write${k}${order}`];
  }
}
for (const k of Object.keys(methods)) Object.defineProperty(Buffer.prototype, k, { value: methods[k], writable: true, configurable: true, enumerable: false });
Object.defineProperty(Buffer.prototype, 'parent', { get() { return this.buffer; }, configurable: true });
Object.defineProperty(Buffer.prototype, 'toLocaleString', { value: methods.toString, writable: true, configurable: true });
Object.defineProperty(Buffer.prototype, inspect.custom, {
  value: function () {
    const shown = Array.from(Uint8Array.prototype.subarray.call(Object.setPrototypeOf(new Uint8Array(this.buffer, this.byteOffset, this.length), Uint8Array.prototype), 0, 50), (b) => (b < 16 ? '0' : '') + b.toString(16)).join(' ');
    const more = this.length - 50;
    return `<Buffer${shown ? ' ' : ''}${shown}${more > 0 ? ` ... ${more} more byte${more > 1 ? 's' : ''}` : ''}>`;
  },
  writable: true, configurable: true, enumerable: false,
});

// ---- Blob, and string_decoder ----

const bytesOfBlob = Symbol('bytes');

class Blob {
  #bytes;
  [bytesOfBlob]() {
    return Uint8Array.from(this.#bytes);
  }
  constructor(parts = [], options = {}) {
    this.#bytes = Buffer.concat(parts.map((p) => (p instanceof Blob ? p.#bytes : typeof p === 'string' ? utf8Encode(p) : internal('encoding').bytesOf(p))));
    Object.defineProperty(this, 'type', { value: `${options.type || ''}` });
  }
  get size() {
    return this.#bytes.length;
  }
  async text() {
    return this.#bytes.toString();
  }
  async arrayBuffer() {
    return Uint8Array.from(this.#bytes).buffer;
  }
  async bytes() {
    return Uint8Array.from(this.#bytes);
  }
  slice(start, end, type) {
    return new Blob([this.#bytes.subarray(start, end)], { type });
  }
}

class StringDecoder {
  #decoder;
  constructor(encoding) {
    this.encoding = encodingName(encoding);
    this.#decoder = new (internal('encoding').globals.TextDecoder)(this.encoding === 'utf16le' ? 'utf-16le' : 'utf-8', { ignoreBOM: true });
  }
  write(bytes) {
    if (typeof bytes === 'string') return bytes;
    return this.encoding === 'utf8' || this.encoding === 'utf16le' ? this.#decoder.decode(bytes, { stream: true }) : decode(bytes, this.encoding);
  }
  end(bytes) {
    return (bytes === undefined ? '' : this.write(bytes)) + (this.encoding === 'utf8' || this.encoding === 'utf16le' ? this.#decoder.decode() : '');
  }
}

const constants = { MAX_LENGTH: 2 ** 31, MAX_STRING_LENGTH: 2 ** 30 - 1 };
const { atob, btoa } = internal('encoding').globals;

module.exports = { Buffer, Blob, bytesOfBlob, constants, kMaxLength: constants.MAX_LENGTH, atob, btoa, transcode: (b, a, c) => Buffer.from(decode(b, a), c), stringDecoder: { StringDecoder } };
