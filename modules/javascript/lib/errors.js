// Errors as a report: the structure of the guest ABI, and the text that Node prints for an uncaught error.

const { inspect, isInstance } = internal('inspect');
const { repr } = internal('values');
const advise = internal('advise');
// Taken before the program runs, which may replace every built-in function. Reports are built of objects without a prototype, for the same reason.
const { call } = Function.prototype;
const uncurry = (f) => call.bind(f);
const exec = uncurry(RegExp.prototype.exec);
const slice = uncurry(String.prototype.slice);
const indexOf = uncurry(String.prototype.indexOf);
const replace = uncurry(String.prototype.replace);
const charCodeAt = uncurry(String.prototype.charCodeAt);
const hasOwn = uncurry(Object.prototype.hasOwnProperty);
const { getPrototypeOf, keys: objectKeys } = Object;
const { push } = native;
const toText = String;
const AnyError = Error, AnyRegExp = RegExp;
const plainErrors = [Error, TypeError, RangeError, SyntaxError, ReferenceError, EvalError, URIError].map((E) => E.prototype);
// own reads a property of the error itself: names on Object.prototype are no part of it.
const own = (error, name) => (hasOwn(error, name) ? error[name] : undefined);

// What a report may hold, in UTF-16 units: a program chooses its messages, and the model that reads them has little room.
const maxMessage = 8192, maxName = 256, maxHint = 2048, maxLine = 2000, maxFrameText = 32768, maxFrames = 100;
// What an uncaught error may write to standard error, and how much of a stack is read.
const maxPrinted = 65536;
const maxValues = 12; // variables of a frame

// bounded keeps the beginning and the end of a text.
function bounded(text, limit) {
  if (text.length <= limit) return text;
  const half = (limit >> 1) - 32;
  return slice(text, 0, half) + '\n... ' + (text.length - 2 * half) + ' characters left out ...\n' + slice(text, -half);
}

let sources = { __proto__: null }; // file name -> text, of everything that was loaded
let libraries = []; // where packages were mounted
let mainFile = '';

// remember keeps a file's text for the lines that reports quote.
function remember(file, text) {
  sources[file] = text;
}

// silent: of a translated program the host writes the error, in positions of the source.
let silent = false;

// later: the program is another turn of a session, whose functions of earlier turns are quoted too.
function setProgram(file, text, packages, quiet, later) {
  silent = quiet === true;
  mainFile = file;
  libraries = packages;
  if (!later) sources = { __proto__: null };
  remember(file, text);
}

// Where a program that was translated, and that runs by itself, says its errors: { source, lines: the source's line by that of the program }.
let translation;

function setTranslation(t) {
  translation = t;
}

// print for a translated program. Which column stands for which is not kept, so none is named.
function printTranslated(error, report) {
  const line = (n) => translation.lines[n] || 0;
  let out = '';
  const at = report.location;
  if (at !== undefined && at.file === mainFile && line(at.line) > 0) {
    remember(mainFile, translation.source);
    out += mainFile + ':' + line(at.line) + '\n' + (lineText(mainFile, line(at.line)) || '') + '\n\n';
  }
  let text;
  try {
    text = printed(error);
  } catch {
    text = report.type + ': ' + report.message;
  }
  const place = new AnyRegExp('(^|[ (/])' + replace(mainFile, /[^\w]/g, '\\$&') + ':(\\d+)(?::\\d+)?', 'g');
  text = replace(text, place, (whole, before, n) => (line(+n) > 0 ? before + mainFile + ':' + line(+n) : before + mainFile));
  native.write(2, bounded(out + text + '\n', maxPrinted));
}

function lineText(file, line) {
  const text = sources[file];
  if (text === undefined || !(line > 0)) return undefined;
  let start = 0;
  for (let n = 1; n < line; n++) {
    start = indexOf(text, '\n', start) + 1;
    if (start === 0) return undefined;
  }
  let end = indexOf(text, '\n', start);
  if (end < 0) end = text.length;
  if (end > start && text[end - 1] === '\r') end--;
  return slice(text, start, end - start > maxLine ? start + maxLine : end);
}

// unitsOf gives how many UTF-16 units the first n code points of a text have; pointsOf the other way round.
function unitsOf(text, n) {
  let i = 0;
  while (n-- > 0 && i < text.length) i += isPair(text, i) ? 2 : 1;
  return i;
}

function pointsOf(text) {
  let n = 0;
  for (let i = 0; i < text.length; n++) i += isPair(text, i) ? 2 : 1;
  return n;
}

function isPair(text, i) {
  return (charCodeAt(text, i) & 0xfc00) === 0xd800 && (charCodeAt(text, i + 1) & 0xfc00) === 0xdc00;
}

function startsWith(text, prefix) {
  return slice(text, 0, prefix.length) === prefix;
}

const frameLine = /^    at (?:(.*?) \()?(.+?):(\d+):(\d+)\)?$/;
const word = /^[\p{ID_Start}$_#][\p{ID_Continue}$]*/u;
const wordOrCharacter = /^(?:[\p{ID_Start}$_][\p{ID_Continue}$]*|.)/u;

// frames reads QuickJS's stack, innermost call first. Native frames have no position and are left out.
function frames(error) {
  let stack = typeof error === 'object' && error !== null ? error.stack : undefined;
  const found = [];
  if (typeof stack !== 'string') return found;
  stack = slice(stack, -maxPrinted); // a long message stands before the frames
  let quoted = 0;
  for (let start = 0; start <= stack.length && found.length < maxFrames;) {
    let end = indexOf(stack, '\n', start);
    if (end < 0) end = stack.length;
    const m = exec(frameLine, slice(stack, start, end));
    start = end + 1;
    if (!m) continue;
    const frame = { __proto__: null, file: m[2], function: m[1] || '<main>', line: +m[3], column: +m[4] };
    if (frame.function === '<module>') frame.function = '<main>';
    frame.file = bounded(frame.file, maxName);
    frame.function = bounded(frame.function, maxName);
    const text = lineText(m[2], frame.line);
    if (text !== undefined && (quoted += text.length) <= maxFrameText) {
      const w = exec(word, slice(text, unitsOf(text, frame.column - 1)));
      if (w) frame.end_column = frame.column + pointsOf(w[0]);
      frame.line_text = text;
    }
    for (let i = 0; i < libraries.length; i++) if (startsWith(frame.file, libraries[i] + '/')) frame.library = true;
    push(found, frame);
  }
  return found;
}

// here gives the line of the program that is at work, or 0.
function here() {
  const inner = frames(new AnyError());
  for (let i = 0; i < inner.length; i++) if (inner[i].file === mainFile) return inner[i].line;
  return 0;
}

function typeName(error) {
  try {
    if (typeof error.name === 'string' && error.name !== '' && (error.name !== 'Error' || error.constructor === undefined)) return bounded(error.name, maxName);
    const name = error.constructor && error.constructor.name;
    return typeof name === 'string' && name !== '' ? bounded(name, maxName) : 'Error';
  } catch {
    return 'Error';
  }
}

function text(v) {
  try {
    return bounded(typeof v === 'string' ? v : v === undefined ? '' : toText(v), maxMessage);
  } catch {
    return '';
  }
}

// describe gives the ABI's ERROR for anything that was thrown. A getter, a proxy or a replaced function of the program can make it fail;
// what is sure then is that there was an error.
function describe(error) {
  try {
    return describeOne(error, 0);
  } catch {
    const report = { __proto__: null, kind: 'exception', type: 'Error', message: '' };
    try {
      report.type = typeName(error);
      report.message = text(error.message);
    } catch {
      // its message cannot be read
    }
    return report;
  }
}

function describeOne(error, depth) {
  if (!isInstance(error, AnyError)) {
    return {
      __proto__: null,
      kind: 'exception',
      type: 'Uncaught',
      message: bounded(typeof error === 'string' ? error : repr(error), maxMessage),
      hint: 'The program threw a value that is not an Error. Throw new Error(message) to keep a message and a stack.',
    };
  }
  const inner = frames(error);
  const report = { __proto__: null, kind: 'exception', type: typeName(error), message: text(error.message) };
  let failing = inner.length > 0 ? inner[0] : undefined, sides;
  for (let i = 0; i < inner.length; i++) {
    if (inner[i].library) continue;
    failing = inner[i];
    break;
  }
  if (error.name === 'AssertionError' || own(error, 'code') === 'ERR_ASSERTION') {
    report.kind = 'assertion';
    report.type = 'AssertionError';
    // Of assert(value) there is nothing to compare with.
    if (own(error, 'operator') === '==' && error.expected === true && !error.actual) sides = error.actual === false ? undefined : { __proto__: null, value: repr(error.actual, 1000) };
    else if ('actual' in error || 'expected' in error) sides = { __proto__: null, left: repr(error.actual, 1000), right: repr(error.expected, 1000) };
  }
  if (failing) {
    report.location = { __proto__: null, file: failing.file, line: failing.line, column: failing.column };
    if (failing.end_column) report.location.end_column = failing.end_column;
    if (failing.line_text !== undefined) {
      report.location.line_text = failing.line_text;
      mark(report.location, report.message);
    }
  }
  const frame = frameOf(error, failing);
  const values = variablesOf(frame, report.location, sides);
  if (values !== undefined) report.values = values;
  report.frames = [];
  for (let i = inner.length - 1; i >= 0; i--) push(report.frames, inner[i]);
  const hint = hintFor(error, report, frame);
  if (hint) report.hint = bounded(hint, maxHint);
  const cause = depth < 5 ? own(error, 'cause') : undefined;
  if (isInstance(cause, AnyError)) report.cause = describeOne(cause, depth + 1);
  return report;
}

// mark moves a position at the parentheses of a call or the dot of a property to the name, which is what Node marks.
function mark(location, message) {
  const text = location.line_text;
  let at = unitsOf(text, location.column - 1);
  if (message === 'not a function' && exec(/^return\b/, slice(text, at))) {
    // a call in tail position has the position of its return
    const open = lastCall(text);
    if (open < 0) return;
    location.column = pointsOf(slice(text, 0, open)) + 1;
    at = open;
  }
  if (text[at] === '(') {
    const m = exec(/#?[\p{ID_Start}$_][\p{ID_Continue}$]*$/u, slice(text, 0, at));
    if (!m) return;
    location.end_column = location.column;
    location.column -= pointsOf(m[0]);
  } else if (text[at] === '.') {
    const m = exec(/^\.#?([\p{ID_Start}$_][\p{ID_Continue}$]*)/u, slice(text, at));
    if (!m) return;
    location.column++;
    location.end_column = location.column + pointsOf(m[1]);
  }
}

// lastCall gives where the arguments of the call that a line ends with begin, or -1.
function lastCall(text) {
  let end = text.length;
  while (end > 0 && exec(/[\s;}]/, text[end - 1])) end--;
  if (text[end - 1] !== ')') return -1;
  for (let i = end - 1, depth = 0; i >= 0; i--) {
    if (text[i] === ')') depth++;
    else if (text[i] === '(' && --depth === 0) return i;
  }
  return -1;
}

// frameOf is what is known of where an error was made: the variables, as far as the failing line is in the frame that made it, and the text.
function frameOf(error, failing) {
  const variables = failing !== undefined ? native.errorVariables(error) : undefined;
  return {
    __proto__: null, variables: variables === undefined ? [] : variables, text: failing !== undefined && sources[failing.file] !== undefined ? sources[failing.file] : '',
    translated: silent,
  };
}

// plain is repr without what the program says of how its objects are shown.
function plain(value) {
  try {
    return bounded(inspect(value, { __proto__: null, depth: 2, maxArrayLength: 20, maxStringLength: 200, customInspect: false }), 400);
  } catch {
    return '[' + (native.classOf(value) || typeof value) + ']';
  }
}

// variablesOf gives the values that matter: both sides of what was asserted, the variables on the failing line, then others of its function.
function variablesOf(frame, location, sides) {
  const shown = sides !== undefined ? sides : { __proto__: null };
  let count = sides !== undefined ? 2 : 0;
  const line = location !== undefined && location.line_text !== undefined ? location.line_text : '';
  for (let pass = 0; pass < 2; pass++) {
    for (let i = 0; i + 1 < frame.variables.length && count < maxValues; i += 2) {
      const name = frame.variables[i], value = frame.variables[i + 1];
      if (name in shown || typeof value === 'function' || (name === 'this' && (value === undefined || value === globalThis))) continue;
      if (pass === 0 && indexOf(line, name) < 0) continue;
      if (name === 'require' || name === 'module' || name === 'exports' || native.classOf(value) === 'Module') continue;
      if (indexOf(frame.text, name + ' = require(') >= 0 || indexOf(frame.text, 'as ' + name + ' from') >= 0 || indexOf(frame.text, 'import ' + name + ' from') >= 0) continue;
      shown[name] = slice(replace(plain(value), /\n\s*/g, ' '), 0, 200);
      count++;
    }
  }
  return count > 0 ? shown : undefined;
}

// describeSyntax is for a program that does not compile: it has a position but no frames.
function describeSyntax(error) {
  const report = { __proto__: null, kind: 'syntax', type: typeName(error), message: text(error.message) };
  if (typeof error.lineNumber === 'number') {
    const line = error.lineNumber;
    report.location = { __proto__: null, file: text(error.fileName), line, column: error.columnNumber || 1 };
    const quoted = lineText(report.location.file, line);
    if (quoted !== undefined) {
      const w = exec(wordOrCharacter, slice(quoted, unitsOf(quoted, report.location.column - 1)));
      if (w) report.location.end_column = report.location.column + pointsOf(w[0]);
      report.location.line_text = quoted;
    }
  }
  const hint = hintFor(error, report);
  if (hint) report.hint = hint;
  return report;
}

// title is what an error says of itself, in one line, as far as that is plain data: the program goes on, and none of its code may run for this.
function title(error) {
  if (native.classOf(error) !== 'Error') return typeof error === 'string' ? bounded(error, 300) : 'a value that is not an Error';
  const maker = advise.data(error, 'constructor');
  const made = typeof maker === 'function' ? advise.data(maker, 'name') : undefined;
  const message = advise.data(error, 'message');
  return bounded((typeof made === 'string' && made !== '' ? made : 'Error') + (typeof message === 'string' && message !== '' ? ': ' + message : ''), 300);
}

// What a test framework said of the first test that failed.
let failed;

function noteTest(name, error) {
  if (failed === undefined) failed = { __proto__: null, count: 0, name: bounded(name, maxName), report: describe(error) };
  failed.count++;
}

function failedTest() {
  const found = failed;
  failed = undefined;
  return found;
}

const known = {
  __proto__: null,
  INPUT: 'INPUT is there when a run is given an input, which this one was not: write the data into the program, or read it from standard input or a file.',
  window: 'There is no browser here: use globalThis, and console.log for output.',
  document: 'There is no browser here, so no DOM: build strings and print them.',
  localStorage: 'There is no browser here: keep values in variables or files (require("fs")).',
  alert: 'There is no browser here: use console.log.',
  prompt: 'There is no browser here: read standard input with require("fs").readFileSync(0, "utf8").',
  XMLHttpRequest: 'There is no network here unless an http tool is granted; then use fetch.',
  WebSocket: 'There is no network here unless an http tool is granted; then use fetch.',
  Deno: 'This is not Deno: use process and the node modules fs and path.',
  Bun: 'This is not Bun: use process and the node modules fs and path.',
  WebAssembly: 'Programs cannot start WebAssembly themselves here.',
  Worker: 'There are no threads here: do the work in order, or with async functions.',
};

const noFrame = { __proto__: null, variables: [], text: '', translated: false };

function hintFor(error, report, frame = noFrame) {
  const given = own(error, 'hint');
  if (typeof given === 'string') return bounded(given, maxHint);
  const message = report.message;
  let m;
  if ((m = exec(/^cannot (read|set) property '(.*)' of (undefined|null)$/, message))) {
    if (m[2] === 'Symbol.iterator') {
      return undefinedArgument(frame, report.location) || 'what is looped over or spread is ' + m[3] + ' here: check where it gets its value';
    }
    const target = before(report.location, '.' + m[2]);
    const why = target ? advise.absent(frame, target, m[2]) : undefined;
    if (why) return why;
    return (target ? ('`' + target + '`') : 'The value') + ' is ' + m[3] + ' where its property \'' + m[2] + '\' is ' + (m[1] === 'read' ? 'read' : 'set') + ': check where it gets its value, or use ?. if it may be missing.';
  }
  if ((m = exec(/^'?([\w$]+)'? is not defined$/, message))) {
    return known[m[1]] || advise.undefinedName(frame, m[1]) || ('Nothing named ' + m[1] + ' exists here: declare it, import it, or check the spelling.');
  }
  if (exec(/^not a function$/, message)) {
    const name = callee(report.location);
    const why = name ? advise.notFunction(frame, name) : undefined;
    if (why) return why;
    return name ? ('`' + name + '` is not a function here: check the name, and what its value is (console.log(typeof ' + name + ')).') : 'What is called is not a function: check the name and its value.';
  }
  if ((m = exec(/^'?([\w$]+)'? is read-only$/, message))) return m[1] + ' was declared with const: declare it with let to assign it again.';
  if (exec(/^Maximum call stack size exceeded$/, message)) return 'The recursion has no end or is too deep: check the base case, or use a loop.';
  if (exec(/is not iterable$/, message)) return 'for...of, spread and destructuring need an array, string, Map, Set or generator: for a plain object use Object.entries(value).';
  if (exec(/^(?:'?([\w$]+)'? )?is not initialized$|lexical variable is not initialized/, message)) return 'A let, const or class is used before the line that declares it.';
  if (exec(/circular reference/, message)) return 'The value contains itself, which JSON cannot express: leave the reference out.';
  if ((m = exec(/Could not find export '(.*)' in module '(?:node:)?(.*)'/, message))) {
    const exported = native.synthetic['node:' + m[2]] || native.synthetic[m[2]];
    const best = exported !== undefined ? advise.nearest(m[1], advise.names(exported)) : undefined;
    return best ? 'did you mean ' + best + '?' : m[2] + ' does not export ' + m[1] + ': check the name, or import it as a whole';
  }
  if (exec(/^(?:unexpected token|Unexpected token|expecting|unexpected end|Unexpected end|unexpected data|control character|bad escape|invalid)/i, message) && report.kind === 'exception' && report.type === 'SyntaxError') {
    return 'the text is no JSON at that place: look at it with console.log(JSON.stringify(text.slice(0, 80))); JSON wants double quotes and no trailing comma';
  }
  if (exec(/^invalid array length|Invalid array length/i, message)) return 'an array cannot have that length: it has to be a whole number that is not negative';
  if (exec(/cannot convert .*bigint|BigInt/i, message)) return 'BigInt and Number do not mix: write 2n with 3n, or turn one with Number(...) or BigInt(...)';
  if (exec(/division by zero/, message)) return 'the divisor is 0n here: test for that before dividing';
  if (report.kind === 'assertion') {
    const odd = advise.onceOnly(frame);
    if (odd !== undefined && (report.values === undefined || report.values.left === 'NaN' || report.values.left === 'undefined' || exec(/undefined|NaN/, report.values.left))) return odd;
    frame.left = error.actual;
    const why = report.location !== undefined && report.location.line_text !== undefined ? advise.calls(frame, report.location.line_text) || advise.calls(frame, frame.text) : undefined;
    if (why) return why;
    if (report.values !== undefined && exec(/undefined|NaN/, report.values.left || '')) return advise.forgetful(frame);
    return undefined;
  }
  if (report.kind === 'syntax' && report.location !== undefined && report.location.line_text !== undefined && exec(/^expecting|^unexpected token/, message)) {
    const open = advise.unclosed(report.location.line_text);
    if (open) return open;
  }
  if (exec(/cannot convert to object|cannot convert (?:undefined|null)/, message)) {
    const found = undefinedArgument(frame, report.location) || advise.forgetful(frame);
    if (found) return found;
  }
  if (exec(/unexpected token in expression: ''$|unexpected end|expecting '\}'/, message) && report.kind === 'syntax') return 'A bracket, brace or quote may be missing before this point.';
  return undefined;
}

// before gives the expression that ends where the failing property access starts, as written in the line.
function before(location, property) {
  if (!location || location.line_text === undefined) return undefined;
  const i = indexOf(location.line_text, property);
  if (i < 0) return undefined;
  return endingAt(slice(location.line_text, 0, i));
}

// undefinedArgument explains the first variable on the line that is undefined or null.
function undefinedArgument(frame, location) {
  if (location === undefined || location.line_text === undefined) return undefined;
  for (let i = 0; i + 1 < frame.variables.length; i += 2) {
    const value = frame.variables[i + 1];
    if ((value === undefined || value === null) && exec(new AnyRegExp('(?:^|[^.\\w$])' + frame.variables[i] + '(?:$|[^\\w$=:])'), location.line_text)) {
      const why = advise.absent(frame, frame.variables[i], '');
      if (why) return why;
    }
  }
  return undefined;
}

// endingAt gives the expression that a text ends with.
function endingAt(head) {
  let start = head.length;
  for (let depth = 0; start > 0; start--) {
    const c = head[start - 1];
    if (c === ')' || c === ']') depth++;
    else if (c === '(' || c === '[') {
      if (depth-- === 0) break;
    } else if (depth === 0 && !exec(/[\p{ID_Continue}$.#]/u, c)) break;
  }
  return start < head.length ? slice(head, start) : undefined;
}

function callee(location) {
  if (!location || location.line_text === undefined) return undefined;
  const at = unitsOf(location.line_text, location.column - 1);
  const ahead = exec(/^[\p{ID_Continue}$.#]*[\p{ID_Continue}$](?=\s*\()/u, slice(location.line_text, at));
  const back = slice(location.line_text, 0, at);
  const name = (exec(/[.\])]$/, back) ? (endingAt(back) || '') : '') + (ahead ? ahead[0] : '');
  return name && exec(/^[\w$]/, name) ? name : undefined;
}

// print writes what Node would write to standard error for an error that nobody caught. The report does not depend on whether it can.
function print(error, report) {
  if (silent) return;
  if (translation !== undefined) return printTranslated(error, report);
  let out = '';
  const at = report.location;
  if (at && at.line_text !== undefined) {
    out += at.file + ':' + at.line + '\n' + at.line_text + '\n';
    const lead = unitsOf(at.line_text, at.column - 1);
    for (let i = 0; i < lead; i += isPair(at.line_text, i) ? 2 : 1) out += at.line_text[i] === '\t' ? '\t' : ' ';
    const marks = report.kind === 'syntax' && at.end_column ? at.end_column - at.column : 1;
    for (let i = 0; i < marks || i < 1; i++) out += '^';
    out += '\n\n';
  }
  try {
    if (report.type === 'Uncaught' && report.frames === undefined) out += 'Uncaught:\n' + printed(error) + '\n';
    else if (report.kind === 'syntax') out += report.type + ': ' + report.message + '\n';
    else out += printed(error) + '\n';
    if (report.hint && report.type !== 'Uncaught' && typeof own(error, 'hint') === 'string' && indexOf(report.message, report.hint) < 0) out += 'Hint: ' + report.hint + '\n';
  } catch {
    out += report.type + ': ' + report.message + '\n';
  }
  native.write(2, bounded(out, maxPrinted));
}

// printed is inspect's text; of an enormous stack the bounded one, as the layout of what is left out anyway would cost much.
function printed(error) {
  if (typeof error === 'string' && error.length > maxPrinted) return bounded(error, maxPrinted);
  const stack = typeof error === 'object' && error !== null ? error.stack : undefined;
  if (typeof stack === 'string' && stack.length > maxPrinted) return bounded(stack, maxPrinted);
  if (typeof stack === 'string' && isPlain(error, stack)) return stack;
  let out;
  try {
    out = inspect(error);
  } catch {
    out = repr(error);
  }
  return bounded('' + out, maxPrinted);
}

// isPlain says that inspect would print nothing but the stack.
function isPlain(error, stack) {
  if (native.classOf(error) !== 'Error' || indexOf(stack, '\n    at ') < 0 || hasOwn(error, 'cause') || hasOwn(error, 'errors')) return false;
  if (hasOwn(error, 'name') || hasOwn(error, 'constructor') || objectKeys(error).length > 0) return false;
  const proto = getPrototypeOf(error);
  for (let i = 0; i < plainErrors.length; i++) if (plainErrors[i] === proto) return true;
  return false;
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

module.exports = { describe, describeSyntax, print, remember, setProgram, setTranslation, nodeError, unavailable, noteTest, failedTest, mainFile: () => mainFile, here, title };
