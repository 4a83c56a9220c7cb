// TextEncoder, TextDecoder, atob, btoa, and the byte conversions that Buffer shares with them.

const { nodeError } = internal('errors');

function utf8Encode(text) {
  text = `${text}`;
  let size = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    size += c < 0x80 ? 1 : c < 0x800 ? 2 : 3;
    if (c >= 0xd800 && c < 0xdc00 && isLow(text, i + 1)) {
      size += 1;
      i++;
    }
  }
  const out = new Uint8Array(size);
  if (size === text.length) {
    for (let i = 0; i < size; i++) out[i] = text.charCodeAt(i);
    return out;
  }
  let n = 0;
  for (let i = 0; i < text.length; i++) {
    let c = text.charCodeAt(i);
    if (c < 0x80) {
      out[n++] = c;
      continue;
    }
    if (c < 0x800) {
      out[n++] = 0xc0 | (c >> 6);
    } else if (c >= 0xd800 && c < 0xdc00 && isLow(text, i + 1)) {
      c = 0x10000 + ((c - 0xd800) << 10) + (text.charCodeAt(++i) - 0xdc00);
      out[n++] = 0xf0 | (c >> 18);
      out[n++] = 0x80 | ((c >> 12) & 63);
      out[n++] = 0x80 | ((c >> 6) & 63);
    } else {
      if (c >= 0xd800 && c < 0xe000) c = 0xfffd;
      out[n++] = 0xe0 | (c >> 12);
      out[n++] = 0x80 | ((c >> 6) & 63);
    }
    out[n++] = 0x80 | (c & 63);
  }
  return out;
}

function isLow(text, i) {
  const c = text.charCodeAt(i);
  return c >= 0xdc00 && c < 0xe000;
}

// Builds strings from code units in pieces: one call per unit is slow, one for all may be too deep.
class Units {
  parts = [];
  units = [];
  push(u) {
    this.units.push(u);
    if (this.units.length >= 4096) this.flush();
  }
  flush() {
    this.parts.push(String.fromCharCode.apply(null, this.units));
    this.units.length = 0;
  }
  toString() {
    this.flush();
    return this.parts.join('');
  }
}

// utf8Decode follows the WHATWG decoder. What an incomplete sequence at the end leaves is in state.pending when streaming.
function utf8Decode(bytes, fatal, state, streaming) {
  const out = new Units();
  let need = state.need || 0, c = state.c || 0, lower = state.lower || 0x80, upper = state.upper || 0xbf;
  const bad = () => {
    if (fatal) {
      state.need = 0;
      throw nodeError(TypeError, 'ERR_ENCODING_INVALID_ENCODED_DATA', 'The encoded data was not valid for encoding utf-8');
    }
    out.push(0xfffd);
  };
  for (let i = 0; i < bytes.length; i++) {
    const b = bytes[i];
    if (need === 0) {
      if (b < 0x80) out.push(b);
      else if (b >= 0xc2 && b <= 0xdf) [need, c] = [1, b & 31];
      else if (b >= 0xe0 && b <= 0xef) {
        if (b === 0xe0) lower = 0xa0;
        if (b === 0xed) upper = 0x9f;
        [need, c] = [2, b & 15];
      } else if (b >= 0xf0 && b <= 0xf4) {
        if (b === 0xf0) lower = 0x90;
        if (b === 0xf4) upper = 0x8f;
        [need, c] = [3, b & 7];
      } else bad();
      continue;
    }
    if (b < lower || b > upper) {
      [need, lower, upper] = [0, 0x80, 0xbf];
      bad();
      i--; // this byte may begin something
      continue;
    }
    lower = 0x80;
    upper = 0xbf;
    c = (c << 6) | (b & 63);
    if (--need === 0) {
      if (c >= 0x10000) {
        out.push(0xd800 + ((c - 0x10000) >> 10));
        out.push(0xdc00 + ((c - 0x10000) & 0x3ff));
      } else out.push(c);
    }
  }
  if (streaming) {
    Object.assign(state, { need, c, lower, upper });
  } else {
    state.need = 0;
    if (need > 0) bad();
  }
  return out.toString();
}

function latin1Decode(bytes, mask = 255) {
  const out = new Units();
  for (let i = 0; i < bytes.length; i++) out.push(bytes[i] & mask);
  return out.toString();
}

// What windows-1252, which the web means by latin1, puts at 0x80 to 0x9f.
const windows1252 = '\u20ac\x81\u201a\u0192\u201e\u2026\u2020\u2021\u02c6\u2030\u0160\u2039\u0152\x8d\u017d\x8f\x90\u2018\u2019\u201c\u201d\u2022\u2013\u2014\u02dc\u2122\u0161\u203a\u0153\x9d\u017e\u0178';

function utf16Decode(bytes, big) {
  const out = new Units();
  for (let i = 0; i + 1 < bytes.length; i += 2) out.push(big ? (bytes[i] << 8) | bytes[i + 1] : bytes[i] | (bytes[i + 1] << 8));
  return out.toString();
}

function bytesOf(input) {
  if (input === undefined) return new Uint8Array(0);
  if (ArrayBuffer.isView(input)) return new Uint8Array(input.buffer, input.byteOffset, input.byteLength);
  const kind = native.classOf(input);
  if (kind === 'ArrayBuffer' || kind === 'SharedArrayBuffer') return new Uint8Array(input);
  throw nodeError(TypeError, 'ERR_INVALID_ARG_TYPE', 'The "list" argument must be an instance of SharedArrayBuffer, ArrayBuffer or ArrayBufferView.');
}

class TextEncoder {
  get encoding() {
    return 'utf-8';
  }
  encode(text = '') {
    return utf8Encode(text);
  }
  encodeInto(text, target) {
    let read = 0;
    let written = 0;
    for (const c of `${text}`) {
      const bytes = utf8Encode(c);
      if (written + bytes.length > target.length) break;
      target.set(bytes, written);
      written += bytes.length;
      read += c.length;
    }
    return { read, written };
  }
}

const labels = {
  'utf-8': 'utf-8', utf8: 'utf-8', 'unicode-1-1-utf-8': 'utf-8',
  'utf-16le': 'utf-16le', 'utf-16': 'utf-16le', 'ucs-2': 'utf-16le', unicode: 'utf-16le', 'utf-16be': 'utf-16be',
  latin1: 'windows-1252', ascii: 'windows-1252', 'us-ascii': 'windows-1252', 'iso-8859-1': 'windows-1252', iso88591: 'windows-1252',
  'windows-1252': 'windows-1252', l1: 'windows-1252', cp1252: 'windows-1252',
};

class TextDecoder {
  #state = {};
  #encoding;
  #started = false;
  #left = [];
  constructor(label = 'utf-8', options = {}) {
    const key = `${label}`.trim().toLowerCase();
    if (!Object.prototype.hasOwnProperty.call(labels, key)) {
      throw nodeError(RangeError, 'ERR_ENCODING_NOT_SUPPORTED', `The "${label}" encoding is not supported`);
    }
    this.#encoding = labels[key];
    Object.defineProperty(this, 'fatal', { value: Boolean(options.fatal) });
    Object.defineProperty(this, 'ignoreBOM', { value: Boolean(options.ignoreBOM) });
  }
  get encoding() {
    return this.#encoding;
  }
  decode(input, options = {}) {
    let bytes = bytesOf(input);
    let text;
    if (this.#encoding === 'utf-8') {
      text = utf8Decode(bytes, this.fatal, this.#state, options.stream);
    } else if (this.#encoding === 'windows-1252') {
      text = latin1Decode(bytes).replace(/[\x80-\x9f]/g, (c) => windows1252[c.charCodeAt(0) - 0x80]);
    } else {
      if (this.#left.length > 0) {
        bytes = Uint8Array.of(...this.#left, ...bytes);
        this.#left = [];
      }
      if (bytes.length % 2 === 1) {
        if (options.stream) this.#left = [bytes[bytes.length - 1]];
        else if (this.fatal) throw nodeError(TypeError, 'ERR_ENCODING_INVALID_ENCODED_DATA', `The encoded data was not valid for encoding ${this.#encoding}`);
      }
      text = utf16Decode(bytes, this.#encoding === 'utf-16be');
      if (bytes.length % 2 === 1 && !options.stream) text += '\ufffd';
      text = text.toWellFormed();
    }
    if (!this.#started && !this.ignoreBOM && text[0] === '\ufeff') text = text.slice(1);
    this.#started = options.stream ? this.#started || text !== '' : false;
    return text;
  }
}
for (const C of [TextEncoder, TextDecoder]) Object.defineProperty(C.prototype, Symbol.toStringTag, { value: C.name, configurable: true });

const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const digitValue = new Int8Array(128).fill(-1);
for (let i = 0; i < 64; i++) digitValue[digits.charCodeAt(i)] = i;
digitValue['-'.charCodeAt(0)] = 62;
digitValue['_'.charCodeAt(0)] = 63;

// base64Decode is Buffer's: it skips what is not base64 and stops at the padding.
function base64Decode(text) {
  const out = new Uint8Array(Math.floor((text.length * 3) / 4) + 3);
  let n = 0, bits = 0, held = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c === 61) break;
    const d = c < 128 ? digitValue[c] : -1;
    if (d < 0) continue;
    bits = (bits << 6) | d;
    held += 6;
    if (held >= 8) {
      held -= 8;
      out[n++] = (bits >> held) & 255;
      bits &= (1 << held) - 1;
    }
  }
  return out.subarray(0, n);
}

function domError(name, message) {
  return new (internal('web').globals.DOMException)(message, name);
}

function atob(text) {
  const s = `${text}`.replace(/[\t\n\f\r ]/g, '');
  const body = s.length % 4 === 0 ? s.replace(/={1,2}$/, '') : s;
  if (body.length % 4 === 1 || /[^A-Za-z0-9+/]/.test(body)) throw domError('InvalidCharacterError', 'The string to be decoded is not correctly encoded.');
  return latin1Decode(base64Decode(body));
}

function btoa(text) {
  const s = `${text}`;
  const bytes = new Uint8Array(s.length);
  for (let i = 0; i < s.length; i++) {
    const c = s.charCodeAt(i);
    if (c > 255) throw domError('InvalidCharacterError', 'Invalid character');
    bytes[i] = c;
  }
  return internal('values').base64(bytes);
}

module.exports = { utf8Encode, utf8Decode, latin1Decode, utf16Decode, base64Decode, bytesOf, Units, globals: { TextEncoder, TextDecoder, atob, btoa } };
