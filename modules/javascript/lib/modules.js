// require and import: Node's own modules, files of the in-memory filesystem, and the packages that the request mounted.

const path = internal('path');
const errors = internal('errors');
const unused = internal('unused');

let packages = []; // folders with packages, in order
let cache = new Map(); // CommonJS modules by file
let checkOnly = false;
let mainModule;
let mainFolder = '/work';
let program = { file: '', source: '', strict: true }; // the program itself
let warn = () => {}; // adds a warning to the response

// begin takes the request; in a later turn of a session everything that was loaded stays.
function begin(request, later, tell) {
  packages = request.path || [];
  warn = tell;
  program = { file: request.filename || 'main.js', source: `${request.source}`, strict: request.strict === true };
  if (later) return;
  cache = new Map();
  const filename = internal('process').atWork(program.file);
  if (filename === mainModule.filename) return;
  mainModule.filename = filename;
  mainModule.path = mainFolder = path.dirname(filename);
  globalThis.__filename = filename;
  globalThis.__dirname = mainFolder;
}

// prepare makes the names that Node gives to a script, for one called main.js. They are globals here, which a program's own declarations shadow.
function prepare() {
  mainModule = makeModule('/work/main.js');
  mainModule.id = '.';
  const scope = { require: makeRequire(mainFolder, true), module: mainModule, exports: mainModule.exports, __filename: mainModule.filename, __dirname: mainFolder };
  for (const k of Object.keys(scope)) Object.defineProperty(globalThis, k, { value: scope[k], writable: true, enumerable: false, configurable: true });
  native.mainThis = mainModule.exports;
}

function setCheckOnly(on) {
  checkOnly = on;
}

const builtins = new Map([
  ['assert', () => internal('assert')],
  ['assert/strict', () => internal('assert').strict],
  ['buffer', () => internal('buffer')],
  ['console', () => Object.assign(globalThis.console, { Console: internal('console').Console })],
  ['constants', () => internal('fs').fs.constants],
  ['crypto', () => internal('crypto').node],
  ['events', () => internal('events')],
  ['fs', () => internal('fs').fs],
  ['fs/promises', () => internal('fs').fs.promises],
  ['http', () => internal('fetch').http],
  ['https', () => internal('fetch').https],
  ['module', () => moduleModule],
  ['os', () => internal('os')],
  ['path', () => path],
  ['path/posix', () => path],
  ['perf_hooks', () => ({ performance: globalThis.performance, PerformanceObserver: class PerformanceObserver { observe() {} disconnect() {} } })],
  ['process', () => internal('process').processObject],
  ['punycode', () => internal('url').punycode],
  ['querystring', () => internal('url').querystring],
  ['readline', () => internal('readline').readline],
  ['readline/promises', () => internal('readline').readline.promises],
  ['stream', () => internal('stream')],
  ['stream/promises', () => internal('stream').promises],
  ['string_decoder', () => internal('buffer').stringDecoder],
  ['timers', () => internal('globals').timerFunctions],
  ['timers/promises', () => internal('timers').promises],
  ['url', () => internal('url').node],
  ['util', () => internal('util')],
  ['util/types', () => internal('util').types],
  ['async_hooks', () => internal('asynchooks')],
  ['test', () => internal('testrunner')],
]);
const nodeOnly = new Set(['test']); // only with the prefix node:

const alternatives = {
  child_process: 'There are no other processes: do the work in JavaScript.',
  cluster: 'There is one thread: do the work in order.',
  worker_threads: 'There is one thread: do the work in order, or with async functions.',
  net: 'There is no network: use fetch, if an http tool is granted.',
  tls: 'There is no network: use fetch, if an http tool is granted.',
  dgram: 'There is no network: use fetch, if an http tool is granted.',
  dns: 'There is no network: use fetch, if an http tool is granted.',
  http2: 'There is no network: use fetch, if an http tool is granted.',
  vm: 'Use new Function(...) or eval, which run inside the same sandbox.',
  v8: 'Use structuredClone to copy values and process.memoryUsage() for memory.',
  zlib: 'There is no compression here: work with plain data.',
  repl: 'Read lines with require("readline").',
  tty: 'Standard streams are never terminals here.',
  inspector: 'There is no debugger here: use console.log.',
  sqlite: 'Keep data in Maps and arrays, or in files with require("fs").',
};

const errNotFound = (message) => errors.nodeError(Error, 'MODULE_NOT_FOUND', message);

// builtin gives one of Node's modules, or undefined when the name is not one of them.
function builtin(name) {
  const prefixed = name.startsWith('node:');
  const bare = prefixed ? name.slice(5) : name;
  if (builtins.has(bare) && (prefixed || !nodeOnly.has(bare))) return builtins.get(bare)();
  const family = bare.split('/')[0];
  if (Object.prototype.hasOwnProperty.call(alternatives, family)) throw errors.unavailable(`The module '${name}'`, alternatives[family]);
  if (prefixed) {
    const best = unused.nearest(bare, [...builtins.keys()]);
    throw errors.unavailable(`The module '${name}'`, best ? `Did you mean node:${best}?` : `Available are ${[...builtins.keys()].join(', ')}.`);
  }
  return undefined;
}

// ---- where a name leads ----

function isFile(file) {
  const st = native.stat(file, true);
  return typeof st !== 'number' && (st[0] & 0o170000) === 0o100000;
}

function isFolder(file) {
  const st = native.stat(file, true);
  return typeof st !== 'number' && (st[0] & 0o170000) === 0o040000;
}

function readText(file) {
  return internal('fs').fs.readFileSync(file, 'utf8');
}

function asFile(file) {
  for (const suffix of ['', '.js', '.mjs', '.cjs', '.json']) if (isFile(file + suffix)) return file + suffix;
  // TypeScript programs name the .js file that a .ts file would become, or nothing at all.
  return undefined;
}

function asFolder(folder, conditions) {
  if (!isFolder(folder)) return undefined;
  if (isFile(`${folder}/package.json`)) {
    let info;
    try {
      info = JSON.parse(readText(`${folder}/package.json`));
    } catch (e) {
      throw errors.nodeError(Error, 'ERR_INVALID_PACKAGE_CONFIG', `Invalid package config ${folder}/package.json: ${e.message}`);
    }
    const target = (info.exports !== undefined && exported(info.exports, '.', conditions)) || (conditions[0] === 'import' && info.module) || info.main;
    if (typeof target === 'string') {
      const file = asFile(path.join(folder, target)) || asFile(path.join(folder, target, 'index'));
      if (file) return file;
    }
  }
  return asFile(`${folder}/index`);
}

// exported reads the exports of a package.json: a string, conditions, or paths with at most one *.
function exported(exports, name, conditions) {
  if (typeof exports === 'string') return name === '.' ? exports : undefined;
  if (Array.isArray(exports)) {
    for (const e of exports) {
      const found = exported(e, name, conditions);
      if (found) return found;
    }
    return undefined;
  }
  if (exports === null || typeof exports !== 'object') return undefined;
  const keys = Object.keys(exports);
  if (keys.length > 0 && keys[0][0] === '.') {
    if (name in exports) return exported(exports[name], '.', conditions);
    for (const k of keys) {
      const star = k.indexOf('*');
      if (star < 0 || !name.startsWith(k.slice(0, star)) || !name.endsWith(k.slice(star + 1))) continue;
      const target = exported(exports[k], '.', conditions);
      if (target) return target.replaceAll('*', name.slice(star, name.length - (k.length - star - 1)));
    }
    return undefined;
  }
  for (const k of keys) {
    if (k !== 'default' && !conditions.includes(k)) continue;
    const found = exported(exports[k], name, conditions);
    if (found) return found;
  }
  return undefined;
}

function find(name, folder, conditions) {
  if (name.startsWith('file://')) name = decodeURIComponent(name.slice(7));
  if (/^\.{0,2}\//.test(name) || name === '.' || name === '..') {
    const full = path.resolve(folder, name);
    return (name.endsWith('/') ? undefined : asFile(full)) || asFolder(full, conditions);
  }
  const parts = name.split('/');
  const head = name[0] === '@' ? parts.slice(0, 2).join('/') : parts[0];
  const rest = parts.slice(name[0] === '@' ? 2 : 1).join('/');
  const roots = [...packages];
  for (let dir = folder; ; dir = path.dirname(dir)) {
    roots.push(path.join(dir, 'node_modules'));
    if (dir === '/') break;
  }
  for (const p of packages) roots.push(path.join(p, 'node_modules'));
  for (const root of roots) {
    const base = path.join(root, head);
    if (rest === '') {
      const file = asFolder(base, conditions) || (roots.indexOf(root) < packages.length ? asFile(base) : undefined);
      if (file) return file;
      continue;
    }
    if (isFile(`${base}/package.json`)) {
      const info = JSON.parse(readText(`${base}/package.json`));
      const target = info.exports !== undefined && exported(info.exports, `./${rest}`, conditions);
      if (target) return path.join(base, target);
    }
    const full = path.join(base, rest);
    const file = asFile(full) || asFolder(full, conditions);
    if (file) return file;
  }
  // A package that was mounted as a folder of its own: its name is in its package.json.
  for (const p of packages) {
    if (!isFile(`${p}/package.json`)) continue;
    try {
      if (JSON.parse(readText(`${p}/package.json`)).name !== head) continue;
    } catch {
      continue;
    }
    const file = rest === '' ? asFolder(p, conditions) : asFile(path.join(p, rest)) || asFolder(path.join(p, rest), conditions);
    if (file) return file;
  }
  return undefined;
}

function notFound(name, from) {
  const relative = /^\.{0,2}\//.test(name);
  const e = errNotFound(`Cannot find ${relative ? 'module' : 'package'} '${name}'${from ? ` imported from ${from}` : ''}`);
  const known = relative ? undefined : unused.nearest(name.replace(/^node:/, ''), [...builtins.keys(), 'tools']);
  e.hint = known ? `did you mean ${known}?` : relative
    ? 'Only files that were given to the run or that the program wrote exist: check the path.'
    : `Nothing can be installed here: write what you need yourself, or use a module of Node (${[...builtins.keys()].filter((k) => !k.includes('/')).slice(0, 12).join(', ')}, ...).`;
  Object.defineProperty(e, 'hint', { enumerable: false });
  return e;
}

function missingModule(name) {
  const e = notFound(name);
  e.message = `Cannot find module '${name}'`;
  e.stack = e.stack.replace(/Cannot find package/, 'Cannot find module');
  return e;
}

// ---- CommonJS ----

function makeModule(filename) {
  const module = { id: filename, path: path.dirname(filename), exports: {}, filename, loaded: false, children: [], paths: [] };
  Object.setPrototypeOf(module, Module.prototype);
  return module;
}

function Module() {}

function requireFile(file) {
  const known = cache.get(file);
  if (known) return known.exports;
  const module = makeModule(file);
  cache.set(file, module);
  try {
    const text = readText(file);
    errors.remember(file, text);
    if (file.endsWith('.json')) {
      try {
        module.exports = JSON.parse(text);
      } catch (e) {
        e.message = `${file}: ${e.message}`;
        throw e;
      }
    } else if (file.endsWith('.mjs')) {
      throw errors.nodeError(Error, 'ERR_REQUIRE_ESM', `require() of ES Module ${file} not supported. Use import() instead.`);
    } else {
      // on one line, so that positions stay those of the file
      const f = native.evalFunction(`(function (exports, require, module, __filename, __dirname) {${text.replace(/^#!/, '//')}\n})`, file);
      f.call(module.exports, module.exports, makeRequire(path.dirname(file)), module, file, path.dirname(file));
    }
    module.loaded = true;
  } catch (e) {
    cache.delete(file);
    throw e;
  }
  return module.exports;
}

function makeRequire(folder, isProgram = false) {
  function require(name) {
    if (typeof name !== 'string' || name === '') {
      throw errors.nodeError(TypeError, 'ERR_INVALID_ARG_TYPE', `The "id" argument must be of type string. Received ${internal('inspect').inspect(name)}`);
    }
    const known = builtin(name);
    if (known !== undefined) return known;
    if (isProgram) folder = mainFolder;
    if (name === 'tools' && find(name, folder, ['require', 'node']) === undefined) return internal('tools').tools;
    if (isProgram && !program.strict && find(name, folder, ['require', 'node']) === undefined) {
      const found = spared(name, 'require');
      if (found !== undefined) return found.names.length > 0 ? stubs(found.names, () => missingModule(name)) : unused.stub(() => missingModule(name));
    }
    return requireFile(require.resolve(name));
  }
  require.resolve = (name) => {
    if (builtins.has(name.replace(/^node:/, ''))) return name;
    if (isProgram) folder = mainFolder;
    const file = find(name, folder, ['require', 'node']);
    if (file === undefined) throw missingModule(name);
    return file;
  };
  require.main = mainModule;
  require.cache = {};
  require.extensions = {};
  return require;
}

const moduleModule = Object.assign(Module, {
  createRequire: (from) => makeRequire(path.dirname(`${from}`.replace(/^file:\/\//, ''))),
  builtinModules: [...builtins.keys()],
  isBuiltin: (name) => builtins.has(name.replace(/^node:/, '')),
  Module,
});

// ---- ES modules: main.c asks for these ----

function resolveModule(base, name) {
  if (checkOnly) return `check:${name}`;
  if (base.startsWith('wand:')) base = path.resolve(native.home, 'main.js'); // import() from a function of lib
  const known = builtin(name);
  if (known !== undefined) {
    const id = `node:${name.replace(/^node:/, '')}`;
    if (native.synthetic[id] === undefined) native.synthetic[id] = namespace(known);
    return id;
  }
  const file = find(name, path.dirname(path.resolve(base)), ['import', 'node']);
  if (file === undefined && name === 'tools') {
    native.synthetic.tools ??= { ...internal('tools').moduleTools(), default: internal('tools').tools };
    return name;
  }
  if (file === undefined) return unusedImport(base, name) ?? fail(notFound(name, base));
  return file;
}

function fail(error) {
  throw error;
}

// unusedImport gives a module of stubs for one that does not exist, when the program imports it and never uses what it imports.
function unusedImport(base, name) {
  if (base !== program.file) return undefined;
  const found = spared(name, 'import');
  if (found === undefined) return undefined;
  const id = `unused:${name}`;
  native.synthetic[id] = stubs(found.names, () => notFound(name, base));
  return id;
}

function stubs(names, error) {
  const all = Object.create(null);
  for (const n of names) all[n] = unused.stub(error);
  return all;
}

// spared says of an import of the program's that it is not missed, and warns of it.
function spared(name, form) {
  if (program.strict || checkOnly) return undefined;
  const found = unused.find(program.source, name, form);
  if (found !== undefined) warn('unused_import', `'${name}' does not exist here; nothing uses what it is imported for, so the program ran without it: remove the import`, found.line);
  return found;
}

function namespace(value) {
  const names = Object.create(null);
  if (value !== null && (typeof value === 'object' || typeof value === 'function')) {
    for (const k in value) if (k !== 'default') names[k] = value[k];
  }
  names.default = value;
  return names;
}

function loadModule(id) {
  if (checkOnly) return {};
  if (native.synthetic[id] !== undefined) return native.synthetic[id];
  if (id.endsWith('.json')) return (native.synthetic[id] = { default: requireFile(id) });
  const text = readText(id);
  errors.remember(id, text);
  if (id.endsWith('.cjs') || (!id.endsWith('.mjs') && !isModule(id, text))) return (native.synthetic[id] = namespace(requireFile(id)));
  return text;
}

// isModule says how Node would read a .js file: its package.json decides, else whether it compiles as CommonJS.
function isModule(file, text) {
  for (let dir = path.dirname(file); dir !== '/'; dir = path.dirname(dir)) {
    if (!isFile(`${dir}/package.json`)) continue;
    try {
      const { type } = JSON.parse(readText(`${dir}/package.json`));
      if (type === 'module') return true;
    } catch {
      // its own error comes when it is used
    }
    break;
  }
  if (!/\b(?:import|export)\b/.test(text)) return false;
  try {
    native.evalFunction(`(function () {${text}\n})`, file);
    return false;
  } catch {
    return true;
  }
}

function importMeta(meta, name) {
  const file = path.resolve(native.home, name);
  meta.url = `file://${file}`;
  meta.filename = file;
  meta.dirname = path.dirname(file);
  meta.resolve = (n) => {
    const found = find(n, path.dirname(file), ['import', 'node']);
    if (found === undefined) throw notFound(n, file);
    return `file://${found}`;
  };
  meta.main = name === errors.mainFile();
}

module.exports = { begin, prepare, setCheckOnly, resolveModule, loadModule, importMeta };
