// Errors as a report: the structure of the guest ABI, and the text that Node prints for an uncaught error.

const { inspect, isInstance } = internal('inspect');
const { repr } = internal('values');

const sources = new Map(); // file name -> lines, of everything that was loaded
const libraries = []; // where packages were mounted
let mainFile = '';

// remember keeps a file's text for the lines that reports quote.
function remember(file, text) {
  sources.set(file, text);
}

// silent: of a translated program the host writes the error, in positions of the source.
let silent = false;

function setProgram(file, text, packages, quiet) {
  silent = quiet === true;
  mainFile = file;
  libraries.length = 0;
  libraries.push(...packages);
  sources.clear();
  remember(file, text);
}

function lineText(file, line) {
  const text = sources.get(file);
  if (text === undefined || !(line > 0)) return undefined;
  let start = 0;
  for (let n = 1; n < line; n++) {
    start = text.indexOf('\n', start) + 1;
    if (start === 0) return undefined;
  }
  const end = text.indexOf('\n', start);
  const found = text.slice(start, end < 0 ? undefined : end).replace(/\r$/, '');
  return found.length > 2000 ? found.slice(0, 2000) : found;
}

// frames reads QuickJS's stack, outermost call first. Native frames have no position and are left out.
function frames(error) {
  const stack = typeof error === 'object' && error !== null ? error.stack : undefined;
  if (typeof stack !== 'string') return [];
  const found = [];
  for (const line of stack.split('\n')) {
    const m = /^    at (?:(.*?) \()?(.+?):(\d+):(\d+)\)?$/.exec(line);
    if (!m) continue;
    const frame = { file: m[2], function: m[1] || '<main>', line: +m[3], column: +m[4] };
    if (frame.function === '<module>') frame.function = '<main>';
    const text = lineText(frame.file, frame.line);
    if (text !== undefined) {
      const word = /^[\p{ID_Start}$_#][\p{ID_Continue}$]*/u.exec([...text].slice(frame.column - 1).join(''));
      if (word) frame.end_column = frame.column + [...word[0]].length;
      frame.line_text = text;
    }
    if (libraries.some((p) => frame.file.startsWith(`${p}/`))) frame.library = true;
    found.unshift(frame);
    if (found.length >= 100) break;
  }
  return found;
}

function typeName(error) {
  try {
    if (typeof error.name === 'string' && error.name !== '' && (error.name !== 'Error' || error.constructor === undefined)) return error.name;
    const name = error.constructor && error.constructor.name;
    return typeof name === 'string' && name !== '' ? name : 'Error';
  } catch {
    return 'Error';
  }
}

function text(v) {
  try {
    return typeof v === 'string' ? v : v === undefined ? '' : String(v);
  } catch {
    return '';
  }
}

// describe gives the ABI's ERROR for anything that was thrown.
function describe(error, depth = 0) {
  if (!isInstance(error, Error)) {
    return {
      kind: 'exception',
      type: 'Uncaught',
      message: typeof error === 'string' ? error : repr(error),
      hint: 'The program threw a value that is not an Error. Throw new Error(message) to keep a message and a stack.',
    };
  }
  const all = frames(error);
  const failing = all.length > 0 ? all.findLast((f) => !f.library) || all[all.length - 1] : undefined;
  const report = { kind: 'exception', type: typeName(error), message: text(error.message) };
  if (error.name === 'AssertionError' || error.code === 'ERR_ASSERTION') {
    report.kind = 'assertion';
    report.type = 'AssertionError';
    if ('actual' in error || 'expected' in error) report.values = { left: repr(error.actual, 1000), right: repr(error.expected, 1000) };
  }
  if (failing) {
    report.location = { file: failing.file, line: failing.line, column: failing.column };
    if (failing.end_column) report.location.end_column = failing.end_column;
    if (failing.line_text !== undefined) report.location.line_text = failing.line_text;
  }
  report.frames = all;
  const hint = hintFor(error, report);
  if (hint) report.hint = hint;
  if (isInstance(error.cause, Error) && depth < 5) report.cause = describe(error.cause, depth + 1);
  return report;
}

// describeSyntax is for a program that does not compile: it has a position but no frames.
function describeSyntax(error) {
  const report = { kind: 'syntax', type: typeName(error), message: text(error.message) };
  if (typeof error.lineNumber === 'number') {
    const line = error.lineNumber;
    report.location = { file: text(error.fileName), line, column: error.columnNumber };
    const quoted = lineText(report.location.file, line);
    if (quoted !== undefined) {
      const word = /^(?:[\p{ID_Start}$_][\p{ID_Continue}$]*|.)/u.exec([...quoted].slice(report.location.column - 1).join(''));
      if (word) report.location.end_column = report.location.column + [...word[0]].length;
      report.location.line_text = quoted;
    }
  }
  const hint = hintFor(error, report);
  if (hint) report.hint = hint;
  return report;
}

const known = new Map([
  ['window', 'There is no browser here: use globalThis, and console.log for output.'],
  ['document', 'There is no browser here, so no DOM: build strings and print them.'],
  ['localStorage', 'There is no browser here: keep values in variables or files (require("fs")).'],
  ['alert', 'There is no browser here: use console.log.'],
  ['prompt', 'There is no browser here: read standard input with require("fs").readFileSync(0, "utf8").'],
  ['XMLHttpRequest', 'There is no network here unless an http tool is granted; then use fetch.'],
  ['WebSocket', 'There is no network here unless an http tool is granted; then use fetch.'],
  ['Deno', 'This is not Deno: use process and the node modules fs and path.'],
  ['Bun', 'This is not Bun: use process and the node modules fs and path.'],
  ['WebAssembly', 'Programs cannot start WebAssembly themselves here.'],
  ['Worker', 'There are no threads here: do the work in order, or with async functions.'],
]);

function hintFor(error, report) {
  if (typeof error.hint === 'string') return error.hint;
  const message = report.message;
  let m;
  if ((m = /^cannot (read|set) property '(.*)' of (undefined|null)$/.exec(message))) {
    const target = before(report.location, `.${m[2]}`);
    return `${target ? `\`${target}\`` : 'The value'} is ${m[3]} where its property '${m[2]}' is ${m[1] === 'read' ? 'read' : 'set'}: check where it gets its value, or use ?. if it may be missing.`;
  }
  if ((m = /^'?([\w$]+)'? is not defined$/.exec(message))) {
    return known.get(m[1]) || `Nothing named ${m[1]} exists here: declare it, import it, or check the spelling.`;
  }
  if (/^not a function$/.test(message)) {
    const name = callee(report.location);
    return name ? `\`${name}\` is not a function here: check the name, and what its value is (console.log(typeof ${name})).` : 'What is called is not a function: check the name and its value.';
  }
  if ((m = /^'?([\w$]+)'? is read-only$/.exec(message))) return `${m[1]} was declared with const: declare it with let to assign it again.`;
  if (/^Maximum call stack size exceeded$/.test(message)) return 'The recursion has no end or is too deep: check the base case, or use a loop.';
  if (/is not iterable$/.test(message)) return 'for...of, spread and destructuring need an array, string, Map, Set or generator: for a plain object use Object.entries(value).';
  if (/^(?:'?([\w$]+)'? )?is not initialized$|lexical variable is not initialized/.test(message)) return 'A let, const or class is used before the line that declares it.';
  if (/circular reference/.test(message)) return 'The value contains itself, which JSON cannot express: leave the reference out.';
  if (/unexpected token in expression: ''$|unexpected end|expecting '\}'/.test(message) && report.kind === 'syntax') return 'A bracket, brace or quote may be missing before this point.';
  return undefined;
}

// before gives the expression that ends where the failing property access starts, as written in the line.
function before(location, property) {
  if (!location || location.line_text === undefined) return undefined;
  const i = location.line_text.indexOf(property, 0);
  if (i < 0) return undefined;
  const m = /[\w$.\[\]'"()]+$/.exec(location.line_text.slice(0, i));
  return m ? m[0] : undefined;
}

function callee(location) {
  if (!location || location.line_text === undefined) return undefined;
  const chars = [...location.line_text];
  const rest = chars.slice(location.column - 1).join('');
  const ahead = /^[\w$.]*[\w$](?=\s*\()/.exec(rest);
  const back = /[\w$.\[\]]*$/.exec(chars.slice(0, location.column - 1).join(''));
  const name = (back ? back[0] : '') + (ahead ? ahead[0] : '');
  return name && /^[\w$]/.test(name) ? name : undefined;
}

// print writes what Node would write to standard error for an error that nobody caught.
function print(error, report) {
  if (silent) return;
  let out = '';
  const at = report.location;
  if (at && at.line_text !== undefined) {
    const lead = [...at.line_text].slice(0, at.column - 1).map((c) => (c === '\t' ? '\t' : ' ')).join('');
    const marks = report.kind === 'syntax' ? '^'.repeat(Math.max(1, (at.end_column || at.column + 1) - at.column)) : '^';
    out += `${at.file}:${at.line}\n${at.line_text}\n${lead}${marks}\n\n`;
  }
  if (isInstance(error, Error)) {
    if (report.kind === 'syntax') out += `${report.type}: ${report.message}\n`;
    else out += `${safeInspect(error)}\n`;
  } else {
    out += `Uncaught:\n${safeInspect(error)}\n`;
  }
  if (report.hint && isInstance(error, Error) && typeof error.hint === 'string' && !report.message.includes(error.hint)) out += `Hint: ${report.hint}\n`;
  native.write(2, out);
}

function safeInspect(v) {
  try {
    return inspect(v);
  } catch {
    return repr(v);
  }
}

// An Error in the shape of Node's internal ones: `code`, and the code in the name that the stack shows.
function nodeError(Base, code, message, hint) {
  const e = new Base(message);
  Object.defineProperty(e, 'code', { value: code, writable: true, enumerable: true, configurable: true });
  if (typeof e.stack === 'string') e.stack = e.stack.replace(/^(\w+)/, `$1 [${code}]`);
  if (hint) Object.defineProperty(e, 'hint', { value: hint, writable: true, enumerable: false, configurable: true });
  return e;
}

function unavailable(what, hint) {
  return nodeError(Error, 'ERR_NOT_AVAILABLE', `${what} is not available in this sandbox. ${hint}`, hint);
}

module.exports = { describe, describeSyntax, print, remember, setProgram, nodeError, unavailable, mainFile: () => mainFile };
