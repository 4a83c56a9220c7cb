// Node's path module, POSIX flavour.

function check(path, name = 'path') {
  if (typeof path === 'string') return;
  throw internal('errors').nodeError(TypeError, 'ERR_INVALID_ARG_TYPE',
    `The "${name}" argument must be of type string. Received ${path === null || path === undefined ? path : `type ${typeof path} (${internal('inspect').inspect(path)})`}`);
}

function collapse(path, absolute) {
  const out = [];
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') out.push(part);
    else if (out.length > 0 && out[out.length - 1] !== '..') out.pop();
    else if (!absolute) out.push('..');
  }
  return out.join('/');
}

function normalize(path) {
  check(path);
  if (path === '') return '.';
  const absolute = path[0] === '/';
  let out = collapse(path, absolute);
  if (out === '' && !absolute) return path.endsWith('/') ? './' : '.';
  if (out !== '' && path.endsWith('/')) out += '/';
  return absolute ? `/${out}` : out;
}

function join(...parts) {
  parts.forEach((p) => check(p));
  const joined = parts.filter((p) => p !== '').join('/');
  return joined === '' ? '.' : normalize(joined);
}

function resolve(...parts) {
  let path = '';
  for (let i = parts.length - 1; i >= 0 && path[0] !== '/'; i--) {
    check(parts[i]);
    if (parts[i] !== '') path = path === '' ? parts[i] : `${parts[i]}/${path}`;
  }
  if (path[0] !== '/') path = `${internal('process').processObject.cwd()}/${path}`;
  return `/${collapse(path, true)}`;
}

function dirname(path) {
  check(path);
  let end = path.length;
  while (end > 1 && path[end - 1] === '/') end--;
  const i = path.lastIndexOf('/', end - 1);
  if (i < 0) return '.';
  end = i;
  while (end > 0 && path[end - 1] === '/') end--;
  return end === 0 ? '/' : path.slice(0, end);
}

function basename(path, suffix) {
  check(path);
  let end = path.length;
  while (end > 1 && path[end - 1] === '/') end--;
  const trimmed = path.slice(0, end);
  const base = trimmed === '/' ? '' : trimmed.slice(trimmed.lastIndexOf('/') + 1);
  return suffix !== undefined && base !== suffix && base.endsWith(suffix) ? base.slice(0, -suffix.length) : base;
}

function extname(path) {
  const base = basename(path);
  const i = base.lastIndexOf('.');
  return i <= 0 || base === '..' ? '' : base.slice(i);
}

function relative(from, to) {
  const a = resolve(from).split('/').filter(Boolean);
  const b = resolve(to).split('/').filter(Boolean);
  let i = 0;
  while (i < a.length && i < b.length && a[i] === b[i]) i++;
  return [...a.slice(i).map(() => '..'), ...b.slice(i)].join('/');
}

function parse(path) {
  check(path);
  const root = path[0] === '/' ? '/' : '';
  const base = basename(path);
  const ext = extname(path);
  let dir = dirname(path);
  if (dir === '.' && !path.startsWith('.')) dir = '';
  if (base === path) dir = root;
  return { root, dir, base, ext, name: ext ? base.slice(0, -ext.length) : base };
}

function format(o) {
  const dir = o.dir || o.root;
  const base = o.base || `${o.name || ''}${o.ext ? (o.ext[0] === '.' ? '' : '.') + o.ext : ''}`;
  if (!dir) return base;
  return dir === o.root ? `${dir}${base}` : `${dir}/${base}`;
}

const path = {
  resolve, normalize, isAbsolute: (p) => (check(p), p[0] === '/'), join, relative, toNamespacedPath: (p) => p, dirname, basename,
  extname, format, parse, sep: '/', delimiter: ':', win32: null, posix: null,
};
path.posix = path;

module.exports = path;
