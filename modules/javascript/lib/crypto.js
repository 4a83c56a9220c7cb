// The hashes, MACs and random values of Node's crypto and of the web's. Ciphers and keys are not here.

const { nodeError, unavailable } = internal('errors');
const { bytesOf, utf8Encode } = internal('encoding');
const rotl = (x, n) => (x << n) | (x >>> (32 - n));
const rotr = (x, n) => (x >>> n) | (x << (32 - n));

// The first fractional bits of the roots of primes, which SHA-2 takes its constants from, computed exactly.
function rootBits(prime, root, bits) {
  const scaled = BigInt(prime) << BigInt(root * bits);
  let lo = 0n, hi = 1n << BigInt(bits + 8);
  while (lo < hi) {
    const mid = (lo + hi + 1n) >> 1n;
    if (mid ** BigInt(root) <= scaled) lo = mid;
    else hi = mid - 1n;
  }
  return lo & ((1n << BigInt(bits)) - 1n);
}
const primes = [];
for (let n = 2; primes.length < 80; n++) if (primes.every((p) => n % p !== 0)) primes.push(n);
const k512 = primes.map((p) => rootBits(p, 3, 64));
const h512 = primes.slice(0, 8).map((p) => rootBits(p, 2, 64));
const h384 = primes.slice(8, 16).map((p) => rootBits(p, 2, 64));
const k256 = Int32Array.from(k512.slice(0, 64), (k) => Number(BigInt.asIntN(32, k >> 32n)));
const h256 = h512.map((h) => Number(BigInt.asIntN(32, h >> 32n)));
const h224 = h384.map((h) => Number(BigInt.asIntN(32, h)));
const kMD5 = Int32Array.from({ length: 64 }, (_, i) => Math.floor(Math.abs(Math.sin(i + 1)) * 2 ** 32) | 0);
const rMD5 = [7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21];

function md5Block(h, w) {
  let [a, b, c, d] = h;
  for (let i = 0; i < 64; i++) {
    let f, g;
    if (i < 16) [f, g] = [(b & c) | (~b & d), i];
    else if (i < 32) [f, g] = [(d & b) | (~d & c), (5 * i + 1) & 15];
    else if (i < 48) [f, g] = [b ^ c ^ d, (3 * i + 5) & 15];
    else [f, g] = [c ^ (b | ~d), (7 * i) & 15];
    const t = d;
    d = c;
    c = b;
    b = (b + rotl((a + f + kMD5[i] + w[g]) | 0, rMD5[((i >> 4) << 2) | (i & 3)])) | 0;
    a = t;
  }
  h[0] = (h[0] + a) | 0;
  h[1] = (h[1] + b) | 0;
  h[2] = (h[2] + c) | 0;
  h[3] = (h[3] + d) | 0;
}

function sha1Block(h, w) {
  for (let i = 16; i < 80; i++) w[i] = rotl(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
  let a = h[0], b = h[1], c = h[2], d = h[3], e = h[4];
  for (let i = 0; i < 80; i++) {
    let f, k;
    if (i < 20) { f = (b & c) | (~b & d); k = 0x5a827999; }
    else if (i < 40) { f = b ^ c ^ d; k = 0x6ed9eba1; }
    else if (i < 60) { f = (b & c) | (b & d) | (c & d); k = 0x8f1bbcdc; }
    else { f = b ^ c ^ d; k = 0xca62c1d6; }
    const t = (rotl(a, 5) + f + e + k + w[i]) | 0;
    e = d;
    d = c;
    c = rotl(b, 30);
    b = a;
    a = t;
  }
  h[0] = (h[0] + a) | 0;
  h[1] = (h[1] + b) | 0;
  h[2] = (h[2] + c) | 0;
  h[3] = (h[3] + d) | 0;
  h[4] = (h[4] + e) | 0;
}

function sha256Block(s, w) {
  for (let i = 16; i < 64; i++) {
    const x = w[i - 15], y = w[i - 2];
    w[i] = (w[i - 16] + (rotr(x, 7) ^ rotr(x, 18) ^ (x >>> 3)) + w[i - 7] + (rotr(y, 17) ^ rotr(y, 19) ^ (y >>> 10))) | 0;
  }
  let a = s[0], b = s[1], c = s[2], d = s[3], e = s[4], f = s[5], g = s[6], h = s[7];
  for (let i = 0; i < 64; i++) {
    const t1 = (h + (rotr(e, 6) ^ rotr(e, 11) ^ rotr(e, 25)) + ((e & f) ^ (~e & g)) + k256[i] + w[i]) | 0;
    const t2 = ((rotr(a, 2) ^ rotr(a, 13) ^ rotr(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + t1) | 0;
    d = c;
    c = b;
    b = a;
    a = (t1 + t2) | 0;
  }
  const sum = [a, b, c, d, e, f, g, h];
  for (let i = 0; i < 8; i++) s[i] = (s[i] + sum[i]) | 0;
}

const mask64 = (1n << 64n) - 1n;
const rotr64 = (x, n) => ((x >> n) | (x << (64n - n))) & mask64;

function sha512Block(s, w) {
  for (let i = 16; i < 80; i++) {
    const x = w[i - 15], y = w[i - 2];
    w[i] = (w[i - 16] + (rotr64(x, 1n) ^ rotr64(x, 8n) ^ (x >> 7n)) + w[i - 7] + (rotr64(y, 19n) ^ rotr64(y, 61n) ^ (y >> 6n))) & mask64;
  }
  let [a, b, c, d, e, f, g, h] = s;
  for (let i = 0; i < 80; i++) {
    const t1 = h + (rotr64(e, 14n) ^ rotr64(e, 18n) ^ rotr64(e, 41n)) + ((e & f) ^ (~e & mask64 & g)) + k512[i] + w[i];
    const t2 = (rotr64(a, 28n) ^ rotr64(a, 34n) ^ rotr64(a, 39n)) + ((a & b) ^ (a & c) ^ (b & c));
    h = g;
    g = f;
    f = e;
    e = (d + t1) & mask64;
    d = c;
    c = b;
    b = a;
    a = (t1 + t2) & mask64;
  }
  const sum = [a, b, c, d, e, f, g, h];
  for (let i = 0; i < 8; i++) s[i] = (s[i] + sum[i]) & mask64;
}

// state, block function, block size, digest size, little endian
const algorithms = {
  md5: { start: [0x67452301, 0xefcdab89 | 0, 0x98badcfe | 0, 0x10325476], block: md5Block, size: 64, digest: 16, little: true },
  sha1: { start: [0x67452301, 0xefcdab89 | 0, 0x98badcfe | 0, 0x10325476, 0xc3d2e1f0 | 0], block: sha1Block, size: 64, digest: 20 },
  sha224: { start: h224, block: sha256Block, size: 64, digest: 28 },
  sha256: { start: h256, block: sha256Block, size: 64, digest: 32 },
  sha384: { start: h384, block: sha512Block, size: 128, digest: 48 },
  sha512: { start: h512, block: sha512Block, size: 128, digest: 64 },
};

class State {
  constructor(a) {
    this.a = a;
    this.h = [...a.start];
    this.tail = new Uint8Array(a.size);
    this.held = 0;
    this.length = 0;
    this.words = a.size === 128 ? new Array(80).fill(0n) : new Int32Array(80);
  }
  copy() {
    const s = new State(this.a);
    s.h = [...this.h];
    s.tail.set(this.tail);
    s.held = this.held;
    s.length = this.length;
    return s;
  }
  update(bytes) {
    this.length += bytes.length;
    let at = 0;
    while (at < bytes.length) {
      const n = Math.min(this.a.size - this.held, bytes.length - at);
      this.tail.set(bytes.subarray(at, at + n), this.held);
      this.held += n;
      at += n;
      if (this.held === this.a.size) {
        this.#block();
        this.held = 0;
      }
    }
  }
  #block() {
    const view = new DataView(this.tail.buffer);
    if (this.a.size === 128) for (let i = 0; i < 16; i++) this.words[i] = view.getBigUint64(8 * i);
    else for (let i = 0; i < 16; i++) this.words[i] = view.getInt32(4 * i, this.a.little);
    this.a.block(this.h, this.words);
  }
  digest() {
    const bits = BigInt(this.length) * 8n;
    const lengthBytes = this.a.size / 8;
    const pad = new Uint8Array(((this.held + 1 + lengthBytes <= this.a.size ? 1 : 2) * this.a.size) - this.held);
    pad[0] = 0x80;
    new DataView(pad.buffer).setBigUint64(pad.length - 8, bits, this.a.little);
    this.update(pad);
    const wide = this.a.size === 128;
    const out = new Uint8Array(this.h.length * (wide ? 8 : 4));
    const view = new DataView(out.buffer);
    this.h.forEach((v, i) => (wide ? view.setBigUint64(8 * i, v) : view.setInt32(4 * i, v, this.a.little)));
    return out.subarray(0, this.a.digest);
  }
}

function algorithm(name) {
  const key = `${name}`.toLowerCase().replace(/^(?:rsa-)?sha-?/, 'sha');
  if (!Object.prototype.hasOwnProperty.call(algorithms, key)) {
    throw nodeError(Error, 'ERR_CRYPTO_INVALID_DIGEST', `Digest method not supported: ${name}`, `Available are ${Object.keys(algorithms).join(', ')}.`);
  }
  return algorithms[key];
}

function dataOf(data, encoding) {
  if (typeof data === 'string') return internal('buffer').Buffer.from(data, encoding);
  return bytesOf(data);
}

function finish(bytes, encoding) {
  const { Buffer } = internal('buffer');
  const b = Buffer.from(bytes);
  return encoding && encoding !== 'buffer' ? b.toString(encoding) : b;
}

class Hash {
  #state;
  constructor(state) {
    this.#state = state;
  }
  #check() {
    if (this.#state === undefined) throw nodeError(Error, 'ERR_CRYPTO_HASH_FINALIZED', 'Digest already called');
  }
  update(data, encoding) {
    this.#check();
    this.#state.update(dataOf(data, encoding));
    return this;
  }
  digest(encoding) {
    this.#check();
    const bytes = this.#state.digest();
    this.#state = undefined;
    return finish(bytes, encoding);
  }
  copy() {
    this.#check();
    return new Hash(this.#state.copy());
  }
}

class HMAC {
  constructor(a, key) {
    let k = dataOf(key);
    if (k.length > a.size) {
      const s = new State(a);
      s.update(k);
      k = s.digest();
    }
    const inner = new Uint8Array(a.size).fill(0x36), outer = new Uint8Array(a.size).fill(0x5c);
    k.forEach((b, i) => {
      inner[i] ^= b;
      outer[i] ^= b;
    });
    this.inner = new State(a);
    this.inner.update(inner);
    this.outer = new State(a);
    this.outer.update(outer);
  }
  bytes() {
    this.outer.update(this.inner.digest());
    return this.outer.digest();
  }
}

class Hmac {
  #mac;
  constructor(a, key) {
    this.#mac = new HMAC(a, key);
  }
  update(data, encoding) {
    this.#mac.inner.update(dataOf(data, encoding));
    return this;
  }
  digest(encoding) {
    return finish(this.#mac.bytes(), encoding);
  }
}

function pbkdf2Sync(password, salt, iterations, length, digest) {
  const a = algorithm(digest);
  const out = new Uint8Array(length);
  const once = (data) => {
    const mac = new HMAC(a, password);
    for (const d of data) mac.inner.update(d);
    return mac.bytes();
  };
  for (let block = 1, at = 0; at < length; block++, at += a.digest) {
    let u = once([dataOf(salt), Uint8Array.of(block >>> 24, block >>> 16, block >>> 8, block)]);
    const t = Uint8Array.from(u);
    for (let i = 1; i < iterations; i++) {
      u = once([u]);
      for (let j = 0; j < t.length; j++) t[j] ^= u[j];
    }
    out.set(t.subarray(0, Math.min(t.length, length - at)), at);
  }
  return finish(out);
}

function getRandomValues(array) {
  if (!ArrayBuffer.isView(array) || /Float|DataView/.test(native.classOf(array))) {
    throw new (internal('web').globals.DOMException)('The data argument must be an integer-type TypedArray', 'TypeMismatchError');
  }
  if (array.byteLength > 65536) {
    throw new (internal('web').globals.DOMException)(`The requested length exceeds 65,536 bytes`, 'QuotaExceededError');
  }
  native.random(new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
  return array;
}

function randomBytes(n) {
  const bytes = new Uint8Array(n);
  native.random(bytes);
  return bytes;
}

function randomUUID() {
  const b = randomBytes(16);
  b[6] = (b[6] & 15) | 64;
  b[8] = (b[8] & 63) | 128;
  const hex = Array.from(b, (v) => (v < 16 ? '0' : '') + v.toString(16)).join('');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

function randomInt(min, max, done) {
  if (max === undefined || typeof max === 'function') [min, max, done] = [0, min, max];
  const range = max - min;
  if (!Number.isSafeInteger(min) || !Number.isSafeInteger(max) || range <= 0 || range > 2 ** 48 - 1) {
    throw nodeError(RangeError, 'ERR_OUT_OF_RANGE', `The value of "max" is out of range. It must be greater than the value of "min" (${min}). Received ${max}`);
  }
  const top = 2 ** 48 - (2 ** 48 % range); // reject what would make some numbers likelier
  for (;;) {
    const v = randomBytes(6).reduce((n, b) => n * 256 + b, 0);
    if (v >= top) continue;
    if (typeof done === 'function') internal('timers').setImmediate(done, null, min + (v % range));
    return min + (v % range);
  }
}

const hint = 'Available are createHash, createHmac, pbkdf2Sync, randomBytes, randomInt, randomUUID and getRandomValues.';
const missing = (name) => () => {
  throw unavailable(`crypto.${name}`, hint);
};

const web = {
  getRandomValues,
  randomUUID,
  subtle: {
    async digest(name, data) {
      const s = new State(algorithm(typeof name === 'string' ? name : name.name));
      s.update(bytesOf(data));
      return Uint8Array.from(s.digest()).buffer;
    },
  },
};
for (const name of ['encrypt', 'decrypt', 'sign', 'verify', 'generateKey', 'importKey', 'exportKey', 'deriveBits', 'deriveKey'])
  web.subtle[name] = async () => missing(`subtle.${name}`)();

const node = {
  createHash: (name) => new Hash(new State(algorithm(name))),
  createHmac: (name, key) => new Hmac(algorithm(name), key),
  hash: (name, data, encoding = 'hex') => new Hash(new State(algorithm(name))).update(data).digest(encoding),
  getHashes: () => Object.keys(algorithms),
  pbkdf2Sync,
  pbkdf2(password, salt, iterations, length, digest, done) {
    const key = pbkdf2Sync(password, salt, iterations, length, digest);
    internal('timers').setImmediate(done, null, key);
  },
  randomBytes(n, done) {
    const b = internal('buffer').Buffer.from(randomBytes(n).buffer);
    if (typeof done === 'function') internal('timers').setImmediate(done, null, b);
    return b;
  },
  randomFillSync(array) {
    native.random(new Uint8Array(array.buffer ?? array, array.byteOffset ?? 0, array.byteLength));
    return array;
  },
  randomInt,
  randomUUID,
  getRandomValues,
  timingSafeEqual(a, b) {
    if (a.byteLength !== b.byteLength) throw nodeError(RangeError, 'ERR_CRYPTO_TIMING_SAFE_EQUAL_LENGTH', 'Input buffers must have the same byte length');
    const x = bytesOf(a), y = bytesOf(b);
    let different = 0;
    for (let i = 0; i < x.length; i++) different |= x[i] ^ y[i];
    return different === 0;
  },
  webcrypto: web,
  subtle: web.subtle,
};
for (const name of ['createCipheriv', 'createDecipheriv', 'createSign', 'createVerify', 'generateKeyPairSync', 'generateKeySync', 'scryptSync', 'createDiffieHellman', 'publicEncrypt', 'privateDecrypt', 'sign', 'verify'])
  node[name] = missing(name);

module.exports = { web, node, randomBytes, utf8Encode };
