// Node's fs over the run's in-memory filesystem: the synchronous functions, and their callback and promise forms.

const path = internal('path');
const { nodeError } = internal('errors');
const { inspect } = internal('inspect');
const { utf8Encode } = internal('encoding');

const errnos = native.errnos();
const messages = {
  ENOENT: 'no such file or directory', EEXIST: 'file already exists', EISDIR: 'illegal operation on a directory', ENOTDIR: 'not a directory',
  ENOTEMPTY: 'directory not empty', EACCES: 'permission denied', EPERM: 'operation not permitted', EBADF: 'bad file descriptor',
  EINVAL: 'invalid argument', ENOSPC: 'no space left on device', EROFS: 'read-only file system', EMFILE: 'too many open files',
  ELOOP: 'too many symbolic links encountered', ENAMETOOLONG: 'name too long', EXDEV: 'cross-device link not permitted',
};

// The numbers that Linux has for them: errors carry it as errno.
const linux = {
  EPERM: 1, ENOENT: 2, EIO: 5, EBADF: 9, EAGAIN: 11, EACCES: 13, EEXIST: 17, EXDEV: 18, ENOTDIR: 20, EISDIR: 21, EINVAL: 22, EMFILE: 24,
  EFBIG: 27, ENOSPC: 28, ESPIPE: 29, EROFS: 30, ENAMETOOLONG: 36, ENOSYS: 38, ENOTEMPTY: 39, ELOOP: 40, ENOTSUP: 95, EDQUOT: 122,
};
const numberOf = (code) => +Object.keys(errnos).find((k) => errnos[k] === code);

const READ = 1, WRITE = 2, CREATE = 4, TRUNCATE = 8, APPEND = 16, EXCLUSIVE = 32;
const modes = {
  r: READ, rs: READ, 'r+': READ | WRITE, w: WRITE | CREATE | TRUNCATE, wx: WRITE | CREATE | TRUNCATE | EXCLUSIVE,
  'w+': READ | WRITE | CREATE | TRUNCATE, 'wx+': READ | WRITE | CREATE | TRUNCATE | EXCLUSIVE, a: WRITE | CREATE | APPEND,
  ax: WRITE | CREATE | APPEND | EXCLUSIVE, 'a+': READ | WRITE | CREATE | APPEND,
};
const constants = {
  F_OK: 0, X_OK: 1, W_OK: 2, R_OK: 4, O_RDONLY: 0, O_WRONLY: 1, O_RDWR: 2, O_CREAT: 64, O_EXCL: 128, O_TRUNC: 512, O_APPEND: 1024,
  S_IFMT: 0o170000, S_IFREG: 0o100000, S_IFDIR: 0o040000, S_IFLNK: 0o120000, COPYFILE_EXCL: 1,
};

function systemError(errno, syscall, file, dest) {
  // a sandbox answers "not capable" for what lies outside of its folder
  const code = errnos[errno] === 'ENOTCAPABLE' ? 'EACCES' : errnos[errno] || 'EIO';
  const where = file === undefined ? '' : ` '${file}'${dest === undefined ? '' : ` -> '${dest}'`}`;
  const e = new Error(`${code}: ${messages[code] || native.strerror(errno).toLowerCase()}, ${syscall}${where}`);
  e.errno = -(linux[code] || errno);
  e.syscall = syscall;
  e.code = code;
  if (file !== undefined) e.path = file;
  if (dest !== undefined) e.dest = dest;
  return e;
}

function check(result, syscall, file, dest) {
  if (typeof result === 'number' && result < 0) throw systemError(-result, syscall, file, dest);
  return result;
}

// name gives the path as the program wrote it; full makes it absolute.
function name(file) {
  if (typeof file === 'string') return file;
  if (file instanceof URL) return decodeURIComponent(file.pathname);
  if (ArrayBuffer.isView(file)) return internal('buffer').Buffer.from(file).toString();
  throw nodeError(TypeError, 'ERR_INVALID_ARG_TYPE', `The "path" argument must be of type string or an instance of Buffer or URL. Received ${inspect(file)}`);
}

function full(file) {
  if (file.includes('\0')) throw nodeError(TypeError, 'ERR_INVALID_ARG_VALUE', `The argument 'path' must be a string without null bytes. Received ${inspect(file)}`);
  return path.resolve(file);
}

function encodingOf(options) {
  return typeof options === 'string' ? options : options && options.encoding ? options.encoding : undefined;
}

function toBytes(data, encoding) {
  if (typeof data === 'string') return encoding && !/^utf-?8$/i.test(encoding) ? internal('buffer').Buffer.from(data, encoding) : utf8Encode(data);
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  throw nodeError(TypeError, 'ERR_INVALID_ARG_TYPE', `The "data" argument must be of type string or an instance of Buffer, TypedArray, or DataView. Received ${inspect(data)}`);
}

function out(bytes, encoding) {
  const { Buffer } = internal('buffer');
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return encoding && encoding !== 'buffer' ? buffer.toString(encoding) : buffer;
}

function openFlags(flags) {
  if (flags === undefined || flags === null) flags = 'r';
  if (typeof flags === 'number') {
    const access = flags & 3;
    return (access === 0 ? READ : access === 1 ? WRITE : READ | WRITE) | (flags & 64 ? CREATE : 0) | (flags & 512 ? TRUNCATE : 0) | (flags & 1024 ? APPEND : 0) | (flags & 128 ? EXCLUSIVE : 0);
  }
  if (modes[flags] === undefined) throw nodeError(TypeError, 'ERR_INVALID_ARG_VALUE', `The argument 'flags' is invalid. Received ${inspect(flags)}`);
  return modes[flags];
}

function readAll(fd, file, guess) {
  let buffer = new Uint8Array(guess > 0 ? guess + 1 : 8192);
  let size = 0;
  for (;;) {
    if (size === buffer.length) {
      const bigger = new Uint8Array(buffer.length * 2);
      bigger.set(buffer);
      buffer = bigger;
    }
    const n = check(native.read(fd, buffer.subarray(size)), 'read', file);
    if (n === 0) return buffer.subarray(0, size);
    size += n;
  }
}

class Stats {
  constructor(v) {
    [this.dev, this.mode, this.nlink, this.uid, this.gid, this.rdev, this.blksize, this.ino, this.size, this.blocks] = [v[7], v[0] | ((v[0] & 0o777) === 0 ? 0o644 : 0), v[6], 0, 0, 0, 4096, v[5], v[1], Math.ceil(v[1] / 512)];
    [this.atimeMs, this.mtimeMs, this.ctimeMs, this.birthtimeMs] = [v[2], v[3], v[4], v[4]];
    for (const k of ['atime', 'mtime', 'ctime', 'birthtime']) this[k] = new Date(this[`${k}Ms`]);
  }
  isFile() {
    return (this.mode & constants.S_IFMT) === constants.S_IFREG;
  }
  isDirectory() {
    return (this.mode & constants.S_IFMT) === constants.S_IFDIR;
  }
  isSymbolicLink() {
    return (this.mode & constants.S_IFMT) === constants.S_IFLNK;
  }
  isBlockDevice() {
    return false;
  }
  isCharacterDevice() {
    return false;
  }
  isFIFO() {
    return false;
  }
  isSocket() {
    return false;
  }
}

class Dirent {
  #mode;
  constructor(name, parent, mode) {
    this.name = name;
    this.path = parent;
    this.parentPath = parent;
    this.#mode = mode & constants.S_IFMT;
  }
  isFile() {
    return this.#mode === constants.S_IFREG;
  }
  isDirectory() {
    return this.#mode === constants.S_IFDIR;
  }
  isSymbolicLink() {
    return this.#mode === constants.S_IFLNK;
  }
}

function isStdin(file) {
  return file === 0 || file === '/dev/stdin' || file === '/proc/self/fd/0';
}

const sync = {
  open(file, flags, mode) {
    const n = name(file);
    return check(native.open(full(n), openFlags(flags), mode), 'open', n);
  },
  close(fd) {
    check(native.close(fd), 'close');
  },
  read(fd, buffer, offset, length, position) {
    if (offset !== null && typeof offset === 'object') ({ offset, length, position } = offset);
    offset = offset ?? 0;
    length = length ?? buffer.byteLength - offset;
    if (typeof position === 'number' && position >= 0) check(native.seek(fd, position), 'read');
    return check(native.read(fd, new Uint8Array(buffer.buffer, buffer.byteOffset + offset, length)), 'read');
  },
  write(fd, data, offset, length, position) {
    if (typeof data === 'string') {
      if (typeof offset === 'number') check(native.seek(fd, offset), 'write');
      return check(native.write(fd, toBytes(data, length)), 'write');
    }
    offset = offset ?? 0;
    length = length ?? data.byteLength - offset;
    if (typeof position === 'number') check(native.seek(fd, position), 'write');
    return check(native.write(fd, new Uint8Array(data.buffer, data.byteOffset + offset, length)), 'write');
  },
  readFile(file, options) {
    const encoding = encodingOf(options);
    if (isStdin(file)) return out(readAll(0, file, 0), encoding);
    if (typeof file === 'number') return out(readAll(file, undefined, 0), encoding);
    const n = name(file);
    const at = full(n);
    const st = native.stat(at, true);
    if (typeof st !== 'number' && (st[0] & constants.S_IFMT) === constants.S_IFDIR) throw systemError(numberOf('EISDIR'), 'read');
    const fd = check(native.open(at, openFlags(options && options.flag), 0), 'open', n);
    try {
      return out(readAll(fd, n, typeof st === 'number' ? 0 : st[1]), encoding);
    } finally {
      native.close(fd);
    }
  },
  writeFile(file, data, options) {
    const bytes = toBytes(data, encodingOf(options));
    if (typeof file === 'number' || file === '/dev/stdout' || file === '/dev/stderr') {
      check(native.write(typeof file === 'number' ? file : file === '/dev/stdout' ? 1 : 2, bytes), 'write');
      return;
    }
    const n = name(file);
    const fd = check(native.open(full(n), openFlags((options && options.flag) || 'w'), 0), 'open', n);
    try {
      check(native.write(fd, bytes), 'write', n);
    } finally {
      native.close(fd);
    }
  },
  appendFile(file, data, options) {
    sync.writeFile(file, data, { flag: 'a', encoding: encodingOf(options) });
  },
  exists(file) {
    try {
      return typeof native.stat(full(name(file)), true) !== 'number';
    } catch {
      return false;
    }
  },
  access(file) {
    const n = name(file);
    check(native.stat(full(n), true), 'access', n);
  },
  stat(file, options) {
    return stat(file, true, 'stat', options);
  },
  lstat(file, options) {
    return stat(file, false, 'lstat', options);
  },
  fstat(fd) {
    return new Stats(check(native.stat(fd, true), 'fstat'));
  },
  readdir(file, options) {
    const n = name(file);
    const at = full(n);
    const st = check(native.stat(at, true), 'scandir', n);
    if ((st[0] & constants.S_IFMT) !== constants.S_IFDIR) throw systemError(numberOf('ENOTDIR'), 'scandir', n);
    const names = check(native.readdir(at), 'scandir', n).sort();
    const recursive = options && options.recursive;
    const withTypes = options && options.withFileTypes;
    const found = [];
    for (const entry of names) {
      const mode = withTypes || recursive ? native.stat(`${at}/${entry}`, false)[0] : 0;
      found.push(withTypes ? new Dirent(entry, n, mode) : entry);
      if (recursive && (mode & constants.S_IFMT) === constants.S_IFDIR) {
        for (const inner of sync.readdir(path.join(n, entry), options)) found.push(withTypes ? inner : `${entry}/${inner}`);
      }
    }
    return found;
  },
  mkdir(file, options) {
    const n = name(file);
    const at = full(n);
    if (!(options && options.recursive)) {
      check(native.mkdir(at), 'mkdir', n);
      return undefined;
    }
    let first;
    let at2 = '';
    for (const part of at.split('/').slice(1)) {
      at2 += `/${part}`;
      const st = native.stat(at2, true);
      if (typeof st !== 'number') {
        if ((st[0] & constants.S_IFMT) !== constants.S_IFDIR) throw systemError(numberOf('EEXIST'), 'mkdir', n);
        continue;
      }
      check(native.mkdir(at2), 'mkdir', n);
      first ??= at2;
    }
    return first;
  },
  mkdtemp(prefix) {
    for (;;) {
      const file = prefix + Array.from(internal('crypto').randomBytes(6), (b) => 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789'[b % 62]).join('');
      if (sync.exists(file)) continue;
      sync.mkdir(file);
      return file;
    }
  },
  rmdir(file, options) {
    if (options && options.recursive) {
      sync.rm(file, { recursive: true });
      return;
    }
    const n = name(file);
    check(native.rmdir(full(n)), 'rmdir', n);
  },
  unlink(file) {
    const n = name(file);
    check(native.unlink(full(n)), 'unlink', n);
  },
  rm(file, options = {}) {
    const n = name(file);
    const at = full(n);
    const st = native.stat(at, false);
    if (typeof st === 'number') {
      if (options.force) return;
      throw systemError(-st, 'rm', n);
    }
    if ((st[0] & constants.S_IFMT) !== constants.S_IFDIR) {
      check(native.unlink(at), 'rm', n);
      return;
    }
    if (!options.recursive) throw nodeError(Error, 'ERR_FS_EISDIR', `Path is a directory: rm returned EISDIR (is a directory) ${n}`);
    for (const entry of native.readdir(at)) sync.rm(`${at}/${entry}`, options);
    check(native.rmdir(at), 'rm', n);
  },
  rename(from, to) {
    const a = name(from), b = name(to);
    check(native.rename(full(a), full(b)), 'rename', a, b);
  },
  copyFile(from, to, mode) {
    const b = name(to);
    if (mode & 1 && sync.exists(b)) throw systemError(numberOf('EEXIST'), 'copyfile', name(from), b);
    sync.writeFile(b, sync.readFile(from));
  },
  cp(from, to, options = {}) {
    const a = name(from), b = name(to);
    if (!sync.stat(a).isDirectory()) {
      sync.mkdir(path.dirname(b), { recursive: true });
      sync.copyFile(a, b);
      return;
    }
    if (!options.recursive) throw nodeError(Error, 'ERR_FS_EISDIR', `Recursive option not enabled, cannot copy a directory: cp returned EISDIR (${a} is a directory (not copied)) ${a}`);
    sync.mkdir(b, { recursive: true });
    for (const entry of sync.readdir(a)) sync.cp(path.join(a, entry), path.join(b, entry), options);
  },
  symlink(target, file) {
    check(native.symlink(name(target), full(name(file))), 'symlink', name(target), name(file));
  },
  link(from, to) {
    check(native.link(full(name(from)), full(name(to))), 'link', name(from), name(to));
  },
  readlink(file) {
    return check(native.readlink(full(name(file))), 'readlink', name(file));
  },
  realpath(file) {
    const n = name(file);
    let at = full(n);
    for (let hops = 0; hops < 40; hops++) {
      const st = check(native.stat(at, false), 'lstat', n);
      if ((st[0] & constants.S_IFMT) !== constants.S_IFLNK) return at;
      at = path.resolve(path.dirname(at), native.readlink(at));
    }
    throw systemError(numberOf('ELOOP'), 'realpath', n);
  },
  truncate(file, size = 0) {
    const fd = sync.open(file, 'r+');
    try {
      sync.ftruncate(fd, size);
    } finally {
      sync.close(fd);
    }
  },
  ftruncate(fd, size = 0) {
    check(native.truncate(fd, size), 'ftruncate');
  },
  utimes(file, atime, mtime) {
    const ms = (t) => (t instanceof Date ? t.getTime() : Number(t) * 1000);
    check(native.utimes(full(name(file)), ms(atime), ms(mtime)), 'utime', name(file));
  },
  chmod(file) {
    sync.access(file); // there are no permissions here
  },
  chown(file) {
    sync.access(file);
  },
  fsync() {},
  fdatasync() {},
};

function stat(file, follow, syscall, options) {
  const n = name(file);
  const result = native.stat(full(n), follow);
  if (typeof result === 'number' && options && options.throwIfNoEntry === false && errnos[-result] === 'ENOENT') return undefined;
  return new Stats(check(result, syscall, n));
}

class FileHandle {
  constructor(fd) {
    this.fd = fd;
  }
  async readFile(options) {
    return sync.readFile(this.fd, options);
  }
  async writeFile(data, options) {
    sync.writeFile(this.fd, data, options);
  }
  async appendFile(data, options) {
    sync.writeFile(this.fd, data, options);
  }
  async read(buffer, ...rest) {
    return { bytesRead: sync.read(this.fd, buffer, ...rest), buffer };
  }
  async write(data, ...rest) {
    return { bytesWritten: sync.write(this.fd, data, ...rest), buffer: data };
  }
  async stat() {
    return sync.fstat(this.fd);
  }
  async truncate(size) {
    sync.ftruncate(this.fd, size);
  }
  async sync() {}
  async close() {
    sync.close(this.fd);
  }
  async *readLines() {
    yield* sync.readFile(this.fd, 'utf8').replace(/\n$/, '').split(/\r?\n/);
  }
}

const promises = { constants };
const fs = { constants, Stats, Dirent, promises };
for (const k of Object.keys(sync)) {
  fs[`${k}Sync`] = sync[k];
  if (k === 'exists') {
    fs.exists = (file, done) => internal('timers').setImmediate(done, sync.exists(file));
    continue;
  }
  promises[k] = k === 'open'
    ? async (...args) => new FileHandle(sync.open(...args))
    : async (...args) => {
      await internal('timers').promises.setImmediate(); // as late as work that another thread does
      return sync[k](...args);
    };
  fs[k] = (...args) => {
    const done = args.pop();
    if (typeof done !== 'function') throw nodeError(TypeError, 'ERR_INVALID_ARG_TYPE', `The "cb" argument must be of type function. Received ${inspect(done)}`);
    let error = null;
    let value;
    try {
      value = sync[k](...args);
    } catch (e) {
      if (e.code === undefined || e.syscall === undefined) throw e; // a wrong argument
      error = e;
    }
    internal('timers').setImmediate(() => (error ? done(error) : done(null, value)));
  };
}
fs.realpathSync.native = fs.realpathSync;
fs.createReadStream = (file, options) => internal('stream').readFileStream(file, options);
fs.createWriteStream = (file, options) => internal('stream').writeFileStream(file, options);
fs.watch = () => {
  throw internal('errors').unavailable('fs.watch', 'Nobody else changes files here.');
};
fs.watchFile = fs.watch;

module.exports = { fs, systemError, sync };
