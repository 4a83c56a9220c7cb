// WHATWG URL and URLSearchParams, Node's url and querystring. Host names beyond ASCII are encoded with punycode, without the
// tables of IDNA.

const { inspect } = internal('inspect');
const { utf8Encode, utf8Decode } = internal('encoding');
const { nodeError } = internal('errors');

const special = { 'http:': '80', 'https:': '443', 'ws:': '80', 'wss:': '443', 'ftp:': '21', 'file:': '' };
const isSpecial = (scheme) => Object.prototype.hasOwnProperty.call(special, scheme);

const inFragment = ' "<>`';
const inQuery = ' "#<>';
const inPath = ' "#<>?`{}^';
const inUser = ' "#<>?`{}/:;=@[\\]^|';

function percentEncode(text, set) {
  let out = '';
  for (const c of text.toWellFormed()) {
    const code = c.codePointAt(0);
    if (code > 0x1f && code < 0x7f && !set.includes(c)) {
      out += c;
      continue;
    }
    for (const b of utf8Encode(c)) out += `%${b < 16 ? '0' : ''}${b.toString(16).toUpperCase()}`;
  }
  return out;
}

function percentDecode(text) {
  const bytes = utf8Encode(text);
  const out = new Uint8Array(bytes.length);
  let n = 0;
  for (let i = 0; i < bytes.length; i++) {
    const hex = bytes[i] === 37 && String.fromCharCode(bytes[i + 1], bytes[i + 2]);
    if (hex && /^[0-9a-f]{2}$/i.test(hex)) {
      out[n++] = parseInt(hex, 16);
      i += 2;
    } else {
      out[n++] = bytes[i];
    }
  }
  return utf8Decode(out.subarray(0, n), false, {}, false);
}

// ---- hosts ----

function parseHost(text, isSpecialScheme) {
  if (text[0] === '[') {
    if (!text.endsWith(']')) return null;
    const v6 = parseIPv6(text.slice(1, -1));
    return v6 && `[${serializeIPv6(v6)}]`;
  }
  if (!isSpecialScheme) return /[\0\t\n\r #/<>?@[\\\]^|]/.test(text) ? null : percentEncode(text, '');
  let host = percentDecode(text).normalize('NFKC').toLowerCase();
  if (/[^\x00-\x7f]/.test(host)) host = host.split(/[.\u3002]/).map((l) => (/[^\x00-\x7f]/.test(l) ? `xn--${punycodeEncode(l)}` : l)).join('.');
  if (host === '' || /[\0-\x20"#%/:<>?@[\\\]^`{|}\x7f]/.test(host)) return null;
  const labels = host.replace(/\.$/, '').split('.');
  if (/^(?:\d+|0x[0-9a-f]*)$/i.test(labels[labels.length - 1])) {
    if (labels.length > 4) return null;
    const numbers = labels.map((l) => (l === '' ? NaN : /^0x/i.test(l) ? (l.length === 2 ? 0 : Number(l)) : /^0\d+$/.test(l) ? (/^[0-7]+$/.test(l) ? parseInt(l, 8) : NaN) : /^\d+$/.test(l) ? Number(l) : NaN));
    const last = numbers.pop();
    if (numbers.some((n) => !(n <= 255)) || !(last < 256 ** (4 - numbers.length))) return null;
    let v = last;
    numbers.forEach((n, i) => {
      v += n * 256 ** (3 - i);
    });
    return [24, 16, 8, 0].map((s) => Math.floor(v / 2 ** s) % 256).join('.');
  }
  return host;
}

function parseIPv6(text) {
  const v4 = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(text);
  if (v4) {
    const b = v4.slice(2).map(Number);
    if (b.some((n) => n > 255)) return null;
    text = `${v4[1]}${((b[0] << 8) | b[1]).toString(16)}:${((b[2] << 8) | b[3]).toString(16)}`;
  }
  const halves = text.split('::');
  if (halves.length > 2) return null;
  const parts = halves.map((h) => (h === '' ? [] : h.split(':')));
  if (parts.flat().some((p) => !/^[0-9a-f]{1,4}$/i.test(p))) return null;
  const count = parts.flat().length;
  if (halves.length === 1 ? count !== 8 : count > 7) return null;
  const zeros = new Array(8 - count).fill('0');
  return (halves.length === 1 ? parts[0] : [...parts[0], ...zeros, ...parts[1]]).map((p) => parseInt(p, 16));
}

function serializeIPv6(v) {
  let best = -1, bestLength = 1;
  for (let i = 0; i < 8; i++) {
    let n = 0;
    while (i + n < 8 && v[i + n] === 0) n++;
    if (n > bestLength) [best, bestLength] = [i, n];
    i += n;
  }
  const hex = (list) => list.map((n) => n.toString(16)).join(':');
  return best < 0 ? hex(v) : `${hex(v.slice(0, best))}::${hex(v.slice(best + bestLength))}`;
}

function punycodeEncode(label) {
  const input = [...label].map((c) => c.codePointAt(0));
  let out = String.fromCharCode(...input.filter((c) => c < 0x80));
  let handled = out.length;
  const basic = handled;
  if (basic > 0) out += '-';
  let n = 128, delta = 0, bias = 72;
  while (handled < input.length) {
    const m = Math.min(...input.filter((c) => c >= n));
    delta += (m - n) * (handled + 1);
    n = m;
    for (const c of input) {
      if (c < n) delta++;
      if (c !== n) continue;
      let q = delta;
      for (let k = 36; ; k += 36) {
        const t = k <= bias ? 1 : k >= bias + 26 ? 26 : k - bias;
        if (q < t) break;
        out += digit(t + ((q - t) % (36 - t)));
        q = Math.floor((q - t) / (36 - t));
      }
      out += digit(q);
      bias = adapt(delta, handled + 1, handled === basic);
      delta = 0;
      handled++;
    }
    delta++;
    n++;
  }
  return out;
}

function punycodeDecode(text) {
  const at = text.lastIndexOf('-');
  const out = at > 0 ? [...text.slice(0, at)].map((c) => c.codePointAt(0)) : [];
  let n = 128, i = 0, bias = 72;
  for (let p = at > 0 ? at + 1 : 0; p < text.length;) {
    const old = i;
    for (let w = 1, k = 36; ; k += 36) {
      const c = text.charCodeAt(p++);
      const d = c >= 97 ? c - 97 : c >= 65 && c <= 90 ? c - 65 : c - 22;
      i += d * w;
      const t = k <= bias ? 1 : k >= bias + 26 ? 26 : k - bias;
      if (d < t) break;
      w *= 36 - t;
    }
    bias = adapt(i - old, out.length + 1, old === 0);
    n += Math.floor(i / (out.length + 1));
    i %= out.length + 1;
    out.splice(i++, 0, n);
  }
  return String.fromCodePoint(...out);
}

const digit = (d) => String.fromCharCode(d + (d < 26 ? 97 : 22));

function adapt(delta, count, first) {
  delta = first ? Math.floor(delta / 700) : delta >> 1;
  delta += Math.floor(delta / count);
  let k = 0;
  for (; delta > 455; k += 36) delta = Math.floor(delta / 35);
  return k + Math.floor((36 * delta) / (delta + 38));
}

// ---- parsing ----

// parse gives the parts of an absolute URL, or null. base is the parts of another one.
function parse(input, base) {
  input = input.replace(/^[\0-\x20]+|[\0-\x20]+$/g, '').replace(/[\t\n\r]/g, '');
  let hash = '', search = '', rest = input;
  const h = rest.indexOf('#');
  if (h >= 0) {
    hash = `#${percentEncode(rest.slice(h + 1), inFragment)}`;
    rest = rest.slice(0, h);
    if (hash === '#') hash = '';
  }
  const m = /^([a-zA-Z][a-zA-Z0-9+\-.]*):/.exec(rest);
  if (!m && !base) return null;
  const u = { protocol: '', username: '', password: '', host: null, port: '', path: [], opaque: null, search: '', hash };
  if (m) {
    u.protocol = `${m[1].toLowerCase()}:`;
    rest = rest.slice(m[0].length);
  } else {
    u.protocol = base.protocol;
  }
  const web = isSpecial(u.protocol);
  const relative = !m || (web && base && base.protocol === u.protocol && !/^[\\/]/.test(rest) && u.protocol !== 'file:' ? true : false);
  if (!m && base.opaque !== null && rest !== '') return null;
  const q = rest.indexOf('?');
  if (q >= 0) {
    search = rest.slice(q + 1);
    rest = rest.slice(0, q);
    u.search = search === '' ? '' : `?${percentEncode(search, web ? `${inQuery}'` : inQuery)}`;
  }
  if (web) rest = rest.replace(/\\/g, '/');

  const inherit = () => {
    u.username = base.username;
    u.password = base.password;
    u.host = base.host;
    u.port = base.port;
  };
  if (!m && base.opaque !== null) {
    // only a fragment may follow such a base
    return { ...base, hash };
  }
  if (relative && !rest.startsWith('//')) {
    inherit();
    if (rest === '') {
      u.path = [...base.path];
      if (q < 0) u.search = base.search;
    } else if (rest[0] === '/') {
      u.path = pathOf(rest.slice(1), [], u);
    } else {
      u.path = pathOf(rest, base.path.slice(0, -1), u);
    }
    return u;
  }
  if (web && u.protocol !== 'file:') {
    rest = rest.replace(/^\/*/, '');
    return authority(u, rest);
  }
  if (rest.startsWith('//')) return authority(u, rest.slice(2));
  if (u.protocol === 'file:') {
    u.host = '';
    if (rest[0] !== '/' && base && base.protocol === 'file:') {
      u.host = base.host;
      u.path = rest === '' ? [...base.path] : pathOf(rest, base.path.slice(0, -1), u);
    } else {
      u.path = pathOf(rest.replace(/^\//, ''), [], u);
    }
    return u;
  }
  if (rest[0] === '/') {
    u.path = pathOf(rest.slice(1), [], u);
    return u;
  }
  u.opaque = percentEncode(rest, '');
  return u;
}

function authority(u, rest) {
  const web = isSpecial(u.protocol);
  const slash = rest.indexOf('/');
  let host = slash < 0 ? rest : rest.slice(0, slash);
  const path = slash < 0 ? '' : rest.slice(slash);
  const at = host.lastIndexOf('@');
  if (at >= 0) {
    const info = host.slice(0, at);
    host = host.slice(at + 1);
    const colon = info.indexOf(':');
    u.username = percentEncode(colon < 0 ? info : info.slice(0, colon), inUser);
    u.password = colon < 0 ? '' : percentEncode(info.slice(colon + 1), inUser);
    if (host === '') return null;
  }
  const port = /:(\d*)$/.exec(host);
  if (port && !/^\[[^\]]*$/.test(host)) {
    host = host.slice(0, port.index);
    if (port[1] !== '') {
      if (Number(port[1]) > 65535) return null;
      u.port = `${Number(port[1])}`;
      if (special[u.protocol] === u.port) u.port = '';
    }
  } else if (/:[^\]]*$/.test(host) && host[0] !== '[') {
    return null;
  }
  if (u.protocol === 'file:') {
    u.host = host === '' || host.toLowerCase() === 'localhost' ? '' : parseHost(host, true);
  } else {
    if (host === '' && web) return null;
    u.host = host === '' ? '' : parseHost(host, web);
  }
  if (u.host === null) return null;
  u.path = path === '' ? (web ? [''] : []) : pathOf(path.slice(1), [], u);
  return u;
}

function pathOf(text, start, u) {
  const out = [...start];
  const parts = (isSpecial(u.protocol) ? text.replace(/\\/g, '/') : text).split('/');
  parts.forEach((part, i) => {
    const last = i === parts.length - 1;
    if (/^(?:\.|%2e)(?:\.|%2e)$/i.test(part)) {
      out.pop();
      if (last) out.push('');
    } else if (/^(?:\.|%2e)$/i.test(part)) {
      if (last) out.push('');
    } else {
      out.push(percentEncode(part, inPath));
    }
  });
  return out;
}

const pathText = (u) => (u.opaque !== null ? u.opaque : u.path.length > 0 ? `/${u.path.join('/')}` : '');

function serialize(u) {
  let out = u.protocol;
  if (u.host !== null) {
    out += '//';
    if (u.username !== '' || u.password !== '') out += `${u.username}${u.password !== '' ? `:${u.password}` : ''}@`;
    out += u.host + (u.port !== '' ? `:${u.port}` : '');
  } else if (u.opaque === null && u.path.length > 1 && u.path[0] === '') {
    out += '/.';
  }
  return out + pathText(u) + u.search + u.hash;
}

// ---- URLSearchParams ----

function formEncode(text) {
  let out = '';
  for (const b of utf8Encode(`${text}`)) {
    if (b === 32) out += '+';
    else if ((b >= 48 && b <= 57) || (b >= 65 && b <= 90) || (b >= 97 && b <= 122) || b === 42 || b === 45 || b === 46 || b === 95) out += String.fromCharCode(b);
    else out += `%${b < 16 ? '0' : ''}${b.toString(16).toUpperCase()}`;
  }
  return out;
}

class URLSearchParams {
  #list = [];
  #changed;
  constructor(init = '') {
    if (init !== null && (typeof init === 'object' || typeof init === 'function')) {
      if (typeof init[Symbol.iterator] === 'function') {
        for (const pair of init) {
          const [...kv] = pair;
          if (kv.length !== 2) throw nodeError(TypeError, 'ERR_INVALID_TUPLE', 'Each query pair must be an iterable [name, value] tuple');
          this.#list.push([`${kv[0]}`, `${kv[1]}`]);
        }
      } else {
        for (const k of Reflect.ownKeys(init)) if (Object.prototype.propertyIsEnumerable.call(init, k)) this.#list.push([`${String(k)}`, `${init[k]}`]);
      }
    } else {
      this.#parse(`${init}`.replace(/^\?/, ''));
    }
  }
  #parse(text) {
    this.#list = [];
    for (const part of text.split('&')) {
      if (part === '') continue;
      const i = part.indexOf('=');
      const dec = (s) => percentDecode(s.replace(/\+/g, ' '));
      this.#list.push(i < 0 ? [dec(part), ''] : [dec(part.slice(0, i)), dec(part.slice(i + 1))]);
    }
  }
  static attach(changed, text) {
    const p = new URLSearchParams(text);
    p.#changed = changed;
    return p;
  }
  static reset(p, text) {
    p.#parse(text.replace(/^\?/, ''));
  }
  #update() {
    if (this.#changed) this.#changed(this.toString());
  }
  append(name, value) {
    this.#list.push([`${name}`, `${value}`]);
    this.#update();
  }
  delete(name, value) {
    this.#list = this.#list.filter(([k, v]) => k !== `${name}` || (value !== undefined && v !== `${value}`));
    this.#update();
  }
  get(name) {
    const found = this.#list.find(([k]) => k === `${name}`);
    return found ? found[1] : null;
  }
  getAll(name) {
    return this.#list.filter(([k]) => k === `${name}`).map(([, v]) => v);
  }
  has(name, value) {
    return this.#list.some(([k, v]) => k === `${name}` && (value === undefined || v === `${value}`));
  }
  set(name, value) {
    const i = this.#list.findIndex(([k]) => k === `${name}`);
    if (i < 0) {
      this.#list.push([`${name}`, `${value}`]);
    } else {
      this.#list[i][1] = `${value}`;
      this.#list = this.#list.filter(([k], n) => n <= i || k !== `${name}`);
    }
    this.#update();
  }
  sort() {
    this.#list.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
    this.#update();
  }
  get size() {
    return this.#list.length;
  }
  forEach(f, self) {
    for (const [k, v] of this.#list) f.call(self, v, k, this);
  }
  *entries() {
    for (const [k, v] of this.#list) yield [k, v];
  }
  *keys() {
    for (const [k] of this.#list) yield k;
  }
  *values() {
    for (const [, v] of this.#list) yield v;
  }
  toString() {
    return this.#list.map(([k, v]) => `${formEncode(k)}=${formEncode(v)}`).join('&');
  }
  [Symbol.iterator]() {
    return this.entries();
  }
  [inspect.custom](depth, options) {
    if (this.#list.length === 0) return 'URLSearchParams {}';
    const parts = this.#list.map(([k, v]) => `${inspect(k, options)} => ${inspect(v, options)}`);
    const joined = parts.join(', ');
    return joined.length <= options.breakLength - 20 ? `URLSearchParams { ${joined} }` : `URLSearchParams {\n  ${parts.join(',\n  ')} }`;
  }
}
const { attach, reset } = URLSearchParams;
delete URLSearchParams.attach;
delete URLSearchParams.reset;

// ---- URL ----

function invalid(input, base) {
  const e = nodeError(TypeError, 'ERR_INVALID_URL', 'Invalid URL');
  e.stack = e.stack.replace(' [ERR_INVALID_URL]', '');
  e.input = input;
  if (base !== undefined) e.base = base;
  return e;
}

class URL {
  #u;
  #params;
  constructor(input, base) {
    if (arguments.length === 0) throw nodeError(TypeError, 'ERR_MISSING_ARGS', 'The "url" argument must be specified');
    input = `${input}`;
    let b;
    if (base !== undefined) {
      b = parse(`${base}`);
      if (b === null) throw invalid(input, `${base}`);
    }
    this.#u = parse(input, b);
    if (this.#u === null) throw invalid(input, base === undefined ? undefined : `${base}`);
    this.#fill();
  }
  #fill() {
    const u = this.#u;
    if (isSpecial(u.protocol) && u.path.length === 0) u.path = [''];
  }
  static canParse(input, base) {
    try {
      return Boolean(new URL(input, base));
    } catch {
      return false;
    }
  }
  static parse(input, base) {
    try {
      return new URL(input, base);
    } catch {
      return null;
    }
  }
  get href() {
    return serialize(this.#u);
  }
  set href(v) {
    const u = parse(`${v}`);
    if (u === null) throw invalid(`${v}`);
    this.#u = u;
    this.#fill();
    if (this.#params) reset(this.#params, u.search);
  }
  get origin() {
    const u = this.#u;
    return isSpecial(u.protocol) && u.protocol !== 'file:' ? `${u.protocol}//${this.host}` : 'null';
  }
  get protocol() {
    return this.#u.protocol;
  }
  set protocol(v) {
    const m = /^([a-zA-Z][a-zA-Z0-9+\-.]*):?/.exec(`${v}`);
    if (m && isSpecial(`${m[1].toLowerCase()}:`) === isSpecial(this.#u.protocol)) {
      this.#u.protocol = `${m[1].toLowerCase()}:`;
      if (special[this.#u.protocol] === this.#u.port) this.#u.port = '';
    }
  }
  get username() {
    return this.#u.username;
  }
  set username(v) {
    if (this.#u.host) this.#u.username = percentEncode(`${v}`, inUser);
  }
  get password() {
    return this.#u.password;
  }
  set password(v) {
    if (this.#u.host) this.#u.password = percentEncode(`${v}`, inUser);
  }
  get host() {
    return (this.#u.host ?? '') + (this.#u.port !== '' ? `:${this.#u.port}` : '');
  }
  set host(v) {
    const m = /^([^/?#]*?)(?::(\d*))?$/.exec(`${v}`.split(/[/?#]/)[0]);
    const host = m && parseHost(m[1], isSpecial(this.#u.protocol));
    if (!host || this.#u.opaque !== null) return;
    this.#u.host = host;
    if (m[2]) this.port = m[2];
  }
  get hostname() {
    return this.#u.host ?? '';
  }
  set hostname(v) {
    const host = parseHost(`${v}`, isSpecial(this.#u.protocol));
    if (host && this.#u.opaque === null) this.#u.host = host;
  }
  get port() {
    return this.#u.port;
  }
  set port(v) {
    const m = /^\d*/.exec(`${v}`)[0];
    if (`${v}` === '') this.#u.port = '';
    else if (m !== '' && Number(m) <= 65535) this.#u.port = special[this.#u.protocol] === `${Number(m)}` ? '' : `${Number(m)}`;
  }
  get pathname() {
    return pathText(this.#u);
  }
  set pathname(v) {
    if (this.#u.opaque === null) this.#u.path = pathOf(`${v}`.replace(isSpecial(this.#u.protocol) ? /^[\\/]/ : /^\//, ''), [], this.#u);
  }
  get search() {
    return this.#u.search;
  }
  set search(v) {
    const text = `${v}`.replace(/^\?/, '');
    this.#u.search = text === '' ? '' : `?${percentEncode(text, isSpecial(this.#u.protocol) ? `${inQuery}'` : inQuery)}`;
    if (this.#params) reset(this.#params, this.#u.search);
  }
  get searchParams() {
    return (this.#params ??= attach((text) => {
      this.#u.search = text === '' ? '' : `?${text}`;
    }, this.#u.search));
  }
  get hash() {
    return this.#u.hash;
  }
  set hash(v) {
    const text = `${v}`.replace(/^#/, '');
    this.#u.hash = text === '' ? '' : `#${percentEncode(text, inFragment)}`;
  }
  toString() {
    return this.href;
  }
  toJSON() {
    return this.href;
  }
  [inspect.custom](depth, options) {
    if (typeof depth === 'number' && depth < 0) return this;
    const o = {};
    for (const k of ['href', 'origin', 'protocol', 'username', 'password', 'host', 'hostname', 'port', 'pathname', 'search', 'searchParams', 'hash']) o[k] = this[k];
    return `${this.constructor.name} ${inspect(o, options)}`;
  }
}
for (const C of [URL, URLSearchParams]) Object.defineProperty(C.prototype, Symbol.toStringTag, { value: C.name, configurable: true });
for (const k of ['href', 'origin', 'protocol', 'username', 'password', 'host', 'hostname', 'port', 'pathname', 'search', 'searchParams', 'hash', 'toString', 'toJSON'])
  Object.defineProperty(URL.prototype, k, { enumerable: true });

// ---- Node's older functions ----

const querystring = {
  escape: encodeURIComponent,
  unescape: (s) => percentDecode(s),
  stringify(o, sep = '&', eq = '=') {
    return Object.keys(o || {}).map((k) => [].concat(o[k]).map((v) => `${encodeURIComponent(k)}${eq}${encodeURIComponent(v === null || v === undefined || typeof v === 'object' ? '' : v)}`).join(sep)).join(sep);
  },
  parse(text, sep = '&', eq = '=') {
    const out = Object.create(null);
    for (const part of `${text}`.split(sep)) {
      if (part === '') continue;
      const i = part.indexOf(eq);
      const k = percentDecode((i < 0 ? part : part.slice(0, i)).replace(/\+/g, ' '));
      const v = i < 0 ? '' : percentDecode(part.slice(i + eq.length).replace(/\+/g, ' '));
      if (!(k in out)) out[k] = v;
      else if (Array.isArray(out[k])) out[k].push(v);
      else out[k] = [out[k], v];
    }
    return out;
  },
};
querystring.encode = querystring.stringify;
querystring.decode = querystring.parse;

// url.parse gives an object with Node's field names; it does not throw.
function legacyParse(text, withQuery) {
  const m = /^([a-zA-Z][a-zA-Z0-9+.-]*:)?(\/\/)?(?:([^/?#@]*)@)?([^/?#:]*)?(?::(\d+))?([^?#]*)(\?[^#]*)?(#.*)?$/.exec(text.trim());
  const [, protocol, slashes, auth, hostname, port, pathname, search, hash] = m;
  const host = slashes ? hostname : undefined;
  const path = (slashes ? '' : `${hostname || ''}${port ? `:${port}` : ''}`) + pathname;
  const query = search ? search.slice(1) : null;
  return {
    protocol: protocol || null, slashes: slashes ? true : null, auth: auth || null, host: host ? `${host}${port ? `:${port}` : ''}` : null, port: slashes && port ? port : null,
    hostname: host || null, hash: hash || null, search: search || null, query: withQuery ? querystring.parse(query || '') : query,
    pathname: path || (slashes ? '/' : null), path: `${path || (slashes ? '/' : '')}${search || ''}` || null, href: text,
  };
}

const node = {
  URL,
  URLSearchParams,
  parse: legacyParse,
  resolve(from, to) {
    const u = new URL(to, new URL(from, 'resolve://'));
    return u.protocol === 'resolve:' ? u.pathname + u.search + u.hash : u.href;
  },
  format(u) {
    if (u instanceof URL) return u.href;
    if (typeof u === 'string') return u;
    const protocol = u.protocol ? u.protocol.replace(/:?$/, ':') : '';
    const host = u.host || (u.hostname ? `${u.hostname}${u.port ? `:${u.port}` : ''}` : '');
    const search = u.search || (u.query && typeof u.query === 'object' ? `?${querystring.stringify(u.query)}` : '');
    return `${protocol}${u.slashes || isSpecial(protocol) ? '//' : ''}${u.auth ? `${u.auth}@` : ''}${host}${u.pathname || ''}${search === '?' ? '' : search}${u.hash || ''}`;
  },
  fileURLToPath(u) {
    u = typeof u === 'string' ? new URL(u) : u;
    if (u.protocol !== 'file:') throw nodeError(TypeError, 'ERR_INVALID_URL_SCHEME', 'The URL must be of scheme file');
    return decodeURIComponent(u.pathname);
  },
  pathToFileURL: (file) => new URL(`file://${percentEncode(internal('path').resolve(file), `${inPath}%`)}`),
  domainToASCII: (d) => parseHost(d, true) || '',
  domainToUnicode: (d) => d.split('.').map((l) => (l.startsWith('xn--') ? punycodeDecode(l.slice(4)) : l)).join('.'),
  urlToHttpOptions: (u) => ({ protocol: u.protocol, hostname: u.hostname, path: u.pathname + u.search, href: u.href, port: u.port ? Number(u.port) : undefined }),
};

const punycode = {
  encode: punycodeEncode,
  decode: punycodeDecode,
  toASCII: (d) => d.split('.').map((l) => (/[^\x00-\x7f]/.test(l) ? `xn--${punycodeEncode(l)}` : l)).join('.'),
  toUnicode: node.domainToUnicode,
  ucs2: { decode: (s) => [...s].map((c) => c.codePointAt(0)), encode: (a) => String.fromCodePoint(...a) },
};

module.exports = { globals: { URL, URLSearchParams }, node, querystring, punycode };
