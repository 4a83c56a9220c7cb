// fetch, Headers, Request, Response, FormData and Node's modules http and https: all of them through the host's tool http, which a policy has
// to grant. The body of a response is there as a whole when the promise is settled.

const { nodeError } = internal('errors');
const { begin } = internal('tools');
const { utf8Encode, bytesOf, globals: { TextDecoder } } = internal('encoding');
const { Buffer, Blob } = internal('buffer');
const { URL, URLSearchParams } = internal('url').globals;
const { AbortSignal } = internal('web').globals;
const { inspect } = internal('inspect');
const EventEmitter = internal('events');
const { Readable } = internal('stream');
const parse = JSON.parse;
const stringify = JSON.stringify;

const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

class Headers {
  #list = []; // [lower-case name, value] in the order in which they came
  constructor(init) {
    if (init === undefined || init === null) return;
    if (typeof init !== 'object') throw new TypeError("Headers constructor: init must be an object, an array of pairs or Headers");
    const pairs = typeof init[Symbol.iterator] === 'function' ? [...init] : Object.entries(init);
    for (const pair of pairs) {
      const [name, value, more] = pair;
      if (more !== undefined || pair.length < 2) throw new TypeError('Headers constructor: expected name and value pairs');
      this.append(name, value);
    }
  }
  #name(name) {
    const s = `${name}`;
    if (!token.test(s)) throw new TypeError(`${inspect(s)} is not a legal HTTP header name`);
    return s.toLowerCase();
  }
  append(name, value) {
    const v = `${value}`.replace(/^[\t\n\r ]+|[\t\n\r ]+$/g, '');
    if (/[\0\r\n]/.test(v)) throw new TypeError(`${inspect(v)} is not a legal HTTP header value`);
    this.#list.push([this.#name(name), v]);
  }
  set(name, value) {
    const n = this.#name(name);
    const at = this.#list.findIndex((h) => h[0] === n);
    this.append(n, value);
    if (at < 0) return;
    const last = this.#list.pop();
    this.#list[at] = last;
    this.#list = this.#list.filter((h, i) => h[0] !== n || i === at);
  }
  get(name) {
    const n = this.#name(name);
    const found = this.#list.filter((h) => h[0] === n).map((h) => h[1]);
    return found.length === 0 ? null : found.join(n === 'cookie' ? '; ' : ', ');
  }
  has(name) {
    return this.get(name) !== null;
  }
  delete(name) {
    const n = this.#name(name);
    this.#list = this.#list.filter((h) => h[0] !== n);
  }
  getSetCookie() {
    return this.#list.filter((h) => h[0] === 'set-cookie').map((h) => h[1]);
  }
  *entries() {
    const names = [...new Set(this.#list.map((h) => h[0]))].sort();
    for (const n of names) {
      if (n === 'set-cookie') for (const v of this.getSetCookie()) yield [n, v];
      else yield [n, this.get(n)];
    }
  }
  *keys() {
    for (const [n] of this.entries()) yield n;
  }
  *values() {
    for (const [, v] of this.entries()) yield v;
  }
  [Symbol.iterator]() {
    return this.entries();
  }
  forEach(f, self) {
    for (const [n, v] of this.entries()) f.call(self, v, n, this);
  }
  [inspect.custom](depth, options) {
    return `Headers ${inspect(Object.fromEntries(this.entries()), options)}`;
  }
}
Object.defineProperty(Headers.prototype, Symbol.toStringTag, { value: 'Headers', configurable: true });

class File extends Blob {
  constructor(parts, name, options = {}) {
    super(parts, options);
    Object.defineProperty(this, 'name', { value: `${name}`, enumerable: true });
    Object.defineProperty(this, 'lastModified', { value: options.lastModified ?? native.realtime(), enumerable: true });
  }
}

class FormData {
  #list = [];
  append(name, value, filename) {
    this.#list.push([`${name}`, value instanceof Blob ? (filename !== undefined || !(value instanceof File) ? new File([value], filename ?? 'blob', { type: value.type }) : value) : `${value}`]);
  }
  set(name, value, filename) {
    this.delete(name);
    this.append(name, value, filename);
  }
  get(name) {
    const found = this.#list.find((e) => e[0] === name);
    return found ? found[1] : null;
  }
  getAll(name) {
    return this.#list.filter((e) => e[0] === name).map((e) => e[1]);
  }
  has(name) {
    return this.#list.some((e) => e[0] === name);
  }
  delete(name) {
    this.#list = this.#list.filter((e) => e[0] !== name);
  }
  *entries() {
    yield* this.#list;
  }
  *keys() {
    for (const [n] of this.#list) yield n;
  }
  *values() {
    for (const [, v] of this.#list) yield v;
  }
  [Symbol.iterator]() {
    return this.entries();
  }
  forEach(f, self) {
    for (const [n, v] of this.#list) f.call(self, v, n, this);
  }
}

const blobBytes = (blob) => blob[internal('buffer').bytesOfBlob]();

// bodyOf gives [bytes or text or null, content type] of what a program gives as a body.
function bodyOf(body) {
  if (body === undefined || body === null) return [null, undefined];
  if (typeof body === 'string') return [body, 'text/plain;charset=UTF-8'];
  if (body instanceof URLSearchParams) return [body.toString(), 'application/x-www-form-urlencoded;charset=UTF-8'];
  if (body instanceof Blob) return [blobBytes(body), body.type || undefined];
  if (body instanceof FormData) return multipart(body);
  if (ArrayBuffer.isView(body) || body instanceof ArrayBuffer) return [Uint8Array.from(bytesOf(body)), undefined];
  if (body instanceof Body) return [body[take](), undefined];
  return [`${body}`, 'text/plain;charset=UTF-8'];
}

function multipart(form) {
  const boundary = '----formdata-wand-' + (Math.random() * 1e17).toString(36);
  const escape = (s) => s.replace(/\r?\n|\r/g, '\r\n').replace(/\n/g, '%0A').replace(/\r/g, '%0D').replace(/"/g, '%22');
  const parts = [];
  for (const [name, value] of form) {
    const head = `--${boundary}\r\nContent-Disposition: form-data; name="${escape(name)}"`;
    if (typeof value === 'string') parts.push(utf8Encode(`${head}\r\n\r\n${value.replace(/\r?\n|\r/g, '\r\n')}\r\n`));
    else parts.push(utf8Encode(`${head}; filename="${escape(value.name)}"\r\nContent-Type: ${value.type || 'application/octet-stream'}\r\n\r\n`), blobBytes(value), utf8Encode('\r\n'));
  }
  parts.push(utf8Encode(`--${boundary}--\r\n`));
  return [Uint8Array.from(Buffer.concat(parts)), `multipart/form-data; boundary=${boundary}`];
}

const take = Symbol('take');

// Body is what Request and Response have in common.
class Body {
  #content; // text, bytes or null
  #used = false;
  constructor(content) {
    this.#content = content;
  }
  get bodyUsed() {
    return this.#used;
  }
  [take](keep) {
    if (this.#used) throw new TypeError('Body is unusable: Body has already been read');
    if (!keep && this.#content !== null) this.#used = true;
    return this.#content;
  }
  #bytes() {
    const content = this[take]();
    return content === null ? new Uint8Array(0) : typeof content === 'string' ? utf8Encode(content) : content;
  }
  #text() {
    const content = this[take]();
    if (content === null) return '';
    if (typeof content !== 'string') return new TextDecoder().decode(content);
    return content.charCodeAt(0) === 0xfeff ? content.slice(1) : content;
  }
  async text() {
    return this.#text();
  }
  async json() {
    return parse(this.#text());
  }
  async arrayBuffer() {
    return Uint8Array.from(this.#bytes()).buffer;
  }
  async bytes() {
    return Uint8Array.from(this.#bytes());
  }
  async blob() {
    return new Blob([this.#bytes()], { type: this.headers.get('content-type') ?? '' });
  }
  async formData() {
    const type = this.headers.get('content-type') ?? '';
    if (!type.startsWith('application/x-www-form-urlencoded')) throw new TypeError(`formData: the body is ${type || 'of no known type'}, not application/x-www-form-urlencoded; use text() or bytes()`);
    const form = new FormData();
    for (const [n, v] of new URLSearchParams(this.#text())) form.append(n, v);
    return form;
  }
  // body is what a ReadableStream would be, of one chunk.
  get body() {
    if (this.#content === null) return null;
    const read = () => this.#bytes();
    let done = false;
    const next = async () => {
      if (done) return { value: undefined, done: true };
      done = true;
      return { value: read(), done: false };
    };
    return {
      getReader: () => ({ read: next, releaseLock() {}, async cancel() { done = true; }, closed: Promise.resolve() }),
      async cancel() { done = true; },
      async *[Symbol.asyncIterator]() {
        for (let r = await next(); !r.done; r = await next()) yield r.value;
      },
    };
  }
}

const fixed = (o, values) => {
  for (const k of Object.keys(values)) Object.defineProperty(o, k, { value: values[k], enumerable: true, configurable: true });
};

const methods = ['DELETE', 'GET', 'HEAD', 'OPTIONS', 'POST', 'PUT'];

class Request extends Body {
  constructor(resource, init = {}) {
    const from = resource instanceof Request ? resource : undefined;
    let url;
    try {
      url = new URL(from ? from.url : `${resource}`);
    } catch (cause) {
      const hint = 'Give the whole address, such as https://example.com/path.';
      throw Object.defineProperty(new TypeError(`Failed to parse URL from ${resource}`, { cause }), 'hint', { value: hint, configurable: true });
    }
    if (url.username || url.password) throw new TypeError(`Request cannot be constructed from a URL that includes credentials: ${resource}`);
    let method = `${init.method ?? (from ? from.method : 'GET')}`;
    if (!token.test(method)) throw new TypeError(`'${method}' is not a valid HTTP method.`);
    if (methods.includes(method.toUpperCase())) method = method.toUpperCase();
    const [content, type] = init.body === undefined && from ? [from[take](), undefined] : bodyOf(init.body);
    if (content !== null && (method === 'GET' || method === 'HEAD')) throw new TypeError('Request with GET/HEAD method cannot have body.');
    super(content);
    const headers = new Headers(init.headers ?? (from ? from.headers : undefined));
    if (type && !headers.has('content-type')) headers.set('content-type', type);
    const signal = init.signal ?? (from ? from.signal : undefined) ?? null;
    if (signal !== null && !(signal instanceof AbortSignal)) throw new TypeError("RequestInit: Expected signal to be an instance of AbortSignal.");
    fixed(this, {
      method, url: url.href, headers, signal, redirect: init.redirect ?? (from ? from.redirect : 'follow'), credentials: init.credentials ?? 'same-origin',
      mode: init.mode ?? 'cors', cache: init.cache ?? 'default', keepalive: Boolean(init.keepalive),
    });
    if (!['follow', 'manual', 'error'].includes(this.redirect)) throw new TypeError(`RequestInit: redirect must be follow, manual or error, not ${this.redirect}`);
  }
  clone() {
    return new Request(this.url, { method: this.method, headers: this.headers, signal: this.signal, redirect: this.redirect, body: this[take](true) });
  }
}

class Response extends Body {
  constructor(body, init = {}) {
    const status = init.status === undefined ? 200 : +init.status;
    if (!(status >= 200 && status <= 599) && !init[take]) throw new RangeError('init["status"] must be in the range of 200 to 599, inclusive.');
    const [content, type] = init[take] ? [body, undefined] : bodyOf(body);
    super(content);
    const headers = new Headers(init.headers);
    if (type && !headers.has('content-type')) headers.set('content-type', type);
    fixed(this, {
      status, statusText: `${init.statusText ?? ''}`, headers, ok: status >= 200 && status < 300, url: init[take] ? init.url : '', redirected: Boolean(init[take] && init.redirected),
      type: init[take] ? init.type : 'default',
    });
  }
  static json(value, init = {}) {
    const headers = new Headers(init.headers);
    if (!headers.has('content-type')) headers.set('content-type', 'application/json');
    return new Response(stringify(value), { ...init, headers });
  }
  static redirect(url, status = 302) {
    return new Response(null, { status, headers: { location: `${url}` } });
  }
  static error() {
    return new Response(null, { [take]: true, status: 0, url: '', type: 'error' });
  }
  clone() {
    return new Response(this[take](true), { [take]: true, status: this.status, statusText: this.statusText, headers: this.headers, url: this.url, redirected: this.redirected, type: this.type });
  }
  [inspect.custom](depth, options) {
    const { status, statusText, headers, ok, redirected, type, url, bodyUsed } = this;
    return `Response ${inspect({ status, statusText, headers, bodyUsed, ok, redirected, type, url }, options)}`;
  }
}

const hide = (o, name, value) => Object.defineProperty(o, name, { value, writable: true, enumerable: false, configurable: true });

// ask makes the request by the tool http and gives its answer.
async function ask(request, redirects) {
  let body = request[take]();
  const args = { method: request.method, url: request.url, headers: [...request.headers], redirects };
  if (body !== null) args.body = body;
  const at = new Error();
  try {
    return await begin('http', [args], request.signal);
  } catch (e) {
    if (request.signal && request.signal.aborted) throw e;
    throw explained(e, at);
  }
}

// explained turns an error of the tool http into that of fetch: a TypeError, by the name of what happened where a policy refused or it took too long.
function explained(e, at) {
  const { message, hint } = e;
  const name = e.name === 'PermissionError' || e.name === 'TimeoutError' ? e.name : 'TypeError';
  const wrapped = new TypeError(`fetch failed: ${message}`, { cause: e });
  if (name !== 'TypeError') hide(wrapped, 'name', name);
  const frames = at.stack.indexOf('\n');
  hide(wrapped, 'stack', `${name}: ${wrapped.message}${frames < 0 ? '' : at.stack.slice(frames)}`);
  if (hint) hide(wrapped, 'hint', hint);
  return wrapped;
}

const redirections = [301, 302, 303, 307, 308];
const bodiless = [101, 103, 204, 205, 304];

async function fetch(resource, init) {
  const request = new Request(resource, init);
  if (request.signal) request.signal.throwIfAborted();
  if (request.url.startsWith('data:')) return dataResponse(request.url);
  if (!/^https?:/.test(request.url)) throw new TypeError(`fetch failed: ${request.url} is neither http: nor https:`);
  const answer = await ask(request, request.redirect === 'follow');
  if (request.redirect === 'error' && redirections.includes(answer.status)) throw new TypeError(`fetch failed: unexpected redirect of ${request.url}`);
  const content = bodiless.includes(answer.status) || request.method === 'HEAD' ? null : (answer.body ?? '');
  return new Response(content, {
    [take]: true, status: answer.status, statusText: answer.reason, headers: answer.headers, url: answer.url || request.url,
    redirected: Boolean(answer.history && answer.history.length > 0), type: 'basic',
  });
}

function dataResponse(url) {
  const m = /^data:([^,]*?)(;base64)?,(.*)$/s.exec(url.replace(/#.*$/s, ''));
  if (!m) throw new TypeError(`fetch failed: ${url.slice(0, 80)} is no data: URL`);
  const raw = decodeURIComponent(m[3]);
  return new Response(m[2] ? Uint8Array.from(Buffer.from(raw, 'base64')) : raw, { [take]: true, status: 200, statusText: 'OK', headers: { 'content-type': m[1] || 'text/plain;charset=US-ASCII' }, url, type: 'basic' });
}

// ---- http and https of Node, as far as a client goes ----

class ClientRequest extends EventEmitter {
  #options;
  #chunks = [];
  #controller = new (internal('web').globals.AbortController)();
  #sent = false;
  constructor(protocol, input, options, callback) {
    super();
    if (typeof options === 'function') [options, callback] = [{}, options];
    const given = typeof input === 'string' || input instanceof URL ? { ...fromURL(new URL(`${input}`)), ...options } : { ...input, ...options };
    this.method = (given.method ?? 'GET').toUpperCase();
    const scheme = given.protocol ?? protocol;
    const host = (given.hostname ?? given.host ?? 'localhost').replace(/:\d+$/, '');
    const port = given.port ?? (given.hostname ? undefined : /:(\d+)$/.exec(given.host ?? '')?.[1]);
    this.path = given.path ?? '/';
    this.host = host;
    this.protocol = scheme;
    this.#options = { url: `${scheme}//${host}${port ? `:${port}` : ''}${this.path}`, headers: new Headers() };
    for (const [name, value] of Object.entries(given.headers ?? {})) for (const v of Array.isArray(value) ? value : [value]) this.#options.headers.append(name, v);
    if (given.auth) this.setHeader('authorization', `Basic ${Buffer.from(given.auth).toString('base64')}`);
    if (given.timeout) this.setTimeout(given.timeout);
    if (callback) this.once('response', callback);
  }
  setHeader(name, value) {
    this.#options.headers.set(name, value);
    return this;
  }
  getHeader(name) {
    return this.#options.headers.get(name) ?? undefined;
  }
  removeHeader(name) {
    this.#options.headers.delete(name);
  }
  setTimeout(ms, f) {
    if (f) this.once('timeout', f);
    internal('timers').setTimeout(() => this.#sent !== 'done' && this.emit('timeout'), ms).unref();
    return this;
  }
  setNoDelay() {}
  setSocketKeepAlive() {}
  flushHeaders() {}
  write(chunk, encoding) {
    this.#chunks.push(typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk);
    return true;
  }
  end(chunk, encoding, f) {
    if (typeof chunk === 'function') [chunk, f] = [undefined, chunk];
    if (typeof encoding === 'function') [encoding, f] = [undefined, encoding];
    if (chunk !== undefined && chunk !== null) this.write(chunk, encoding);
    if (f) this.once('finish', f);
    if (this.#sent) return this;
    this.#sent = true;
    this.#send().catch((e) => {
      this.#sent = 'done';
      if (!this.destroyed || this.errored) this.emit('error', this.errored ?? e);
      this.emit('close');
    });
    return this;
  }
  async #send() {
    const body = this.#chunks.length > 0 && this.method !== 'GET' && this.method !== 'HEAD' ? Uint8Array.from(Buffer.concat(this.#chunks)) : undefined;
    const request = new Request(this.#options.url, { method: this.method, headers: this.#options.headers, body, signal: this.#controller.signal });
    this.emit('finish');
    const answer = await ask(request, false);
    this.#sent = 'done';
    const response = Readable.from(answer.body === undefined || answer.body === '' || answer.body.length === 0 ? [] : [Buffer.from(answer.body)], { objectMode: false });
    const headers = new Headers(answer.headers);
    response.statusCode = answer.status;
    response.statusMessage = answer.reason ?? '';
    response.httpVersion = '1.1';
    response.headers = Object.fromEntries(headers.entries());
    if (headers.getSetCookie().length > 0) response.headers['set-cookie'] = headers.getSetCookie();
    response.rawHeaders = [...answer.headers].flat();
    response.url = '';
    response.complete = true;
    if (this.listenerCount('response') === 0) response.resume?.();
    this.emit('response', response);
    response.once('end', () => this.emit('close'));
  }
  destroy(error) {
    if (this.destroyed) return this;
    this.destroyed = this.aborted = true;
    this.errored = error;
    this.#controller.abort(error);
    return this;
  }
  abort() {
    this.destroy(nodeError(Error, 'ECONNRESET', 'socket hang up'));
  }
}

function fromURL(url) {
  return { protocol: url.protocol, hostname: url.hostname, port: url.port, path: url.pathname + url.search, ...(url.username ? { auth: `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}` } : {}) };
}

class Agent {
  constructor(options) {
    this.options = { ...options };
  }
  destroy() {}
}

function nodeModule(protocol) {
  const request = (input, options, callback) => new ClientRequest(protocol, input, options, callback);
  const noServer = () => {
    throw nodeError(Error, 'ERR_NOT_AVAILABLE', 'A server is not available in this sandbox: nothing can connect to it.', 'Call the handler directly.');
  };
  const STATUS_CODES = { 200: 'OK', 201: 'Created', 202: 'Accepted', 204: 'No Content', 301: 'Moved Permanently', 302: 'Found', 303: 'See Other', 304: 'Not Modified', 307: 'Temporary Redirect', 308: 'Permanent Redirect', 400: 'Bad Request', 401: 'Unauthorized', 403: 'Forbidden', 404: 'Not Found', 405: 'Method Not Allowed', 409: 'Conflict', 410: 'Gone', 418: "I'm a Teapot", 422: 'Unprocessable Entity', 429: 'Too Many Requests', 500: 'Internal Server Error', 501: 'Not Implemented', 502: 'Bad Gateway', 503: 'Service Unavailable', 504: 'Gateway Timeout' };
  return {
    request, get: (...args) => request(...args).end(), createServer: noServer, Server: noServer, Agent, globalAgent: new Agent(), ClientRequest, STATUS_CODES,
    METHODS: ['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT'],
  };
}

module.exports = { globals: { fetch, Headers, Request, Response, FormData, File }, http: nodeModule('http:'), https: nodeModule('https:') };
