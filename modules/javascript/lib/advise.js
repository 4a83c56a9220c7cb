// Finds the next step for an error: the nearest name, property, key, module or export, the length beside the index, what was undefined and which
// function gave it. It goes by the variables of the frame that failed and by the program's text; nothing here runs the program's code: no
// getter, no trap of a proxy, no function that it could have replaced.

const { call } = Function.prototype;
const uncurry = (f) => call.bind(f);
const exec = uncurry(RegExp.prototype.exec);
const slice = uncurry(String.prototype.slice);
const indexOf = uncurry(String.prototype.indexOf);
const toLowerCase = uncurry(String.prototype.toLowerCase);
const replace = uncurry(String.prototype.replace);
const hasOwn = uncurry(Object.prototype.hasOwnProperty);
const { getPrototypeOf, getOwnPropertyNames, getOwnPropertyDescriptor } = Object;
const { isArray } = Array;
const { push } = native;
const AnyRegExp = RegExp, AnyObject = Object;
const prototypes = { __proto__: null, string: String.prototype, number: Number.prototype, boolean: Boolean.prototype, bigint: BigInt.prototype, symbol: Symbol.prototype };
const maxNames = 2000;

// nearest gives the name that another most likely meant, or undefined: at most a third of its letters may differ, a swap of two neighbours counting
// as one, as may capitals and underscores.
function nearest(name, known) {
  if (name.length > 100) return undefined;
  const plain = folded(name);
  let best, least = (name.length / 3 | 0) + 1;
  for (let i = 0; i < known.length; i++) {
    const other = known[i];
    if (typeof other !== 'string' || other === name || other.length > 100) continue;
    if (folded(other) === plain) return other;
    const d = distance(name, other, least);
    if (d < least) {
      best = other;
      least = d;
    }
  }
  return best;
}

function folded(name) {
  return replace(toLowerCase(name), /_/g, '');
}

function distance(a, b, bound) {
  if (a.length - b.length >= bound || b.length - a.length >= bound) return bound;
  let before = [], previous = [], current = [];
  for (let j = 0; j <= b.length; j++) previous[j] = j;
  for (let i = 1; i <= a.length; i++) {
    current = [i];
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let d = previous[j - 1] + cost;
      if (previous[j] + 1 < d) d = previous[j] + 1;
      if (current[j - 1] + 1 < d) d = current[j - 1] + 1;
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] && before[j - 2] + 1 < d) d = before[j - 2] + 1;
      current[j] = d;
    }
    before = previous;
    previous = current;
  }
  return previous[b.length];
}

// ---- what the frame holds ----

class Unknown {}

// data reads a property that is plain data.
function data(value, name) {
  if (value === undefined || value === null) return Unknown;
  let at = typeof value === 'object' || typeof value === 'function' ? value : prototypes[typeof value];
  if (typeof value === 'string' && (name === 'length' || exec(/^\d+$/, name))) return value[name];
  for (let depth = 0; at !== null && at !== undefined && depth < 50; depth++) {
    if (native.classOf(at) === 'Proxy') return Unknown;
    const d = getOwnPropertyDescriptor(at, name);
    if (d !== undefined) return hasOwn(d, 'value') ? d.value : Unknown;
    at = getPrototypeOf(at);
  }
  return undefined;
}

// names lists the properties that a value has, its own first.
function names(value) {
  const found = [];
  let at = value === undefined || value === null ? null : typeof value === 'object' || typeof value === 'function' ? value : prototypes[typeof value];
  for (let depth = 0; at !== null && at !== undefined && depth < 50 && found.length < maxNames; depth++) {
    if (native.classOf(at) === 'Proxy') break;
    const all = getOwnPropertyNames(at);
    for (let i = 0; i < all.length && found.length < maxNames; i++) if (all[i] !== 'constructor' && !exec(/^(?:__|\d)/, all[i])) push(found, all[i]);
    at = getPrototypeOf(at);
  }
  return found;
}

function variable(frame, name) {
  for (let i = 0; i + 1 < frame.variables.length; i += 2) if (frame.variables[i] === name) return frame.variables[i + 1];
  const d = getOwnPropertyDescriptor(globalThis, name);
  if (d === undefined) return Unknown;
  return hasOwn(d, 'value') ? d.value : Unknown;
}

const step = /^(?:\?\.)?(?:\.?([\p{ID_Start}$_#][\p{ID_Continue}$]*)|\[\s*(?:(\d+)|'([^'\\]*)'|"([^"\\]*)"|([\p{ID_Start}$_][\p{ID_Continue}$.]*)(?:\s*([+-])\s*(\d+))?)\s*\])/u;

// walk follows an expression made of names, properties and indices as far as its values are known. It gives the steps: {text, base, key, value}.
function walk(frame, text) {
  const steps = [];
  let m = exec(/^[\p{ID_Start}$_][\p{ID_Continue}$]*/u, text);
  if (!m) return steps;
  let value = variable(frame, m[0]), at = m[0].length;
  push(steps, { text: m[0], base: undefined, key: m[0], value });
  while (at < text.length) {
    m = exec(step, slice(text, at));
    if (!m || (m[1] !== undefined && m[0][0] !== '.' && m[0][0] !== '?')) break;
    let key = m[1] !== undefined ? m[1] : m[2] !== undefined ? m[2] : m[3] !== undefined ? m[3] : m[4];
    if (key === undefined) {
      const inner = walk(frame, m[5]);
      const last = inner.length > 0 ? inner[inner.length - 1] : undefined;
      if (last === undefined || last.text !== m[5] || (typeof last.value !== 'string' && typeof last.value !== 'number')) break;
      key = last.value;
      if (m[6] !== undefined) {
        if (typeof key !== 'number') break;
        key = m[6] === '+' ? key + +m[7] : key - m[7];
      }
    }
    const base = value;
    value = base === Unknown ? Unknown : data(base, '' + key);
    at += m[0].length;
    push(steps, { text: slice(text, 0, at), base, key: '' + key, value, index: m[5] });
  }
  return steps;
}

// ---- what the program's text says ----

// code is a text without its comments and what its strings say, of the same length.
const quiet = /\/\/[^\n]*|\/\*[\s\S]*?\*\/|'(?:[^'\\\n]|\\[\s\S])*'|"(?:[^"\\\n]|\\[\s\S])*"|`(?:[^`\\]|\\[\s\S])*`/g;

function code(text) {
  if (text.length > 200000) return '';
  return replace(text, quiet, (m) => m[0] + replace(slice(m, 1, -1), /[^\n]/g, ' ') + (m.length > 1 ? m[m.length - 1] === '\n' ? ' ' : m[0] === '/' ? ' ' : m[0] : ''));
}

// definition finds a function by its name: {parameters, body, line}; the body of an arrow function that is an expression is undefined.
function definition(text, name) {
  const plain = code(text), safe = replace(name, /\$/g, '\\$');
  const m = exec(new AnyRegExp('(?:function\\s*\\*?\\s+' + safe + '\\s*|(?:const|let|var)\\s+' + safe + '\\s*(?::[^=]*)?=\\s*(?:async\\s*)?(?:function\\s*\\w*\\s*)?|(?:^|[\\n;{}])\\s*(?:static\\s+|async\\s+)*' + safe + '\\s*)\\('), plain);
  if (!m) return undefined;
  const open = m.index + m[0].length - 1;
  const close = matching(plain, open);
  if (close < 0) return undefined;
  const after = exec(/^\s*(?::\s*[^={]+)?(=>)?\s*(\{)?/, slice(plain, close + 1));
  if (!after[2]) return after[1] ? { parameters: slice(text, open + 1, close), body: undefined, line: lineOf(text, open) } : undefined;
  const start = close + after[0].length, end = matching(plain, start);
  if (end < 0) return undefined;
  return { parameters: slice(text, open + 1, close), body: slice(plain, start + 1, end), line: lineOf(text, open), end: lineOf(text, end), generator: indexOf(m[0], '*') >= 0 };
}

function matching(plain, open) {
  const pairs = { __proto__: null, '(': 1, '[': 1, '{': 1, ')': -1, ']': -1, '}': -1 };
  for (let i = open, depth = 0; i < plain.length; i++) {
    depth += pairs[plain[i]] || 0;
    if (depth === 0) return i;
  }
  return -1;
}

function lineOf(text, at) {
  let line = 1;
  for (let i = indexOf(text, '\n'); i >= 0 && i < at; i = indexOf(text, '\n', i + 1)) line++;
  return line;
}

// giver says why a call gives undefined, where the text tells: the function has no return.
function giver(frame, name) {
  const short = replace(name, /^.*\./, '');
  const f = definition(frame.text, short);
  if (f === undefined || f.body === undefined || f.generator) return undefined;
  const at = frame.translated ? '' : ' (line ' + f.line + ')';
  if (!exec(/\breturn\b\s*[^\s;}]/, f.body)) return short + at + ' has no return: add return with its result at its end' + (frame.translated ? '' : ' (line ' + f.end + ')');
  if (exec(/[;}]\s*$/, f.body) && !exec(/(?:\breturn\b[^;{}]*;?|\breturn\b[\s\S]*|\bthrow\b[^;{}]*;?)\s*$/, lastStatement(f.body))) return short + at + ' can reach its end without return: add one there';
  return undefined;
}

// lastStatement is the text after the last statement's beginning at the outermost level of a body.
function lastStatement(body) {
  let depth = 0, last = 0;
  const trimmed = replace(body, /\s+$/, '');
  for (let i = 0; i < trimmed.length - 1; i++) {
    const c = trimmed[i];
    if (c === '{' || c === '(' || c === '[') depth++;
    else if (c === '}' || c === ')' || c === ']') depth--;
    if (depth === 0 && (c === ';' || c === '}' || c === '\n')) last = i + 1;
  }
  return slice(trimmed, last);
}

// assigned finds the call whose value a name got.
function assigned(frame, name) {
  const safe = replace(name, /\$/g, '\\$');
  const m = exec(new AnyRegExp('(?:^|[^.\\w$])' + safe + '\\s*=\\s*(?:await\\s+)?([\\p{ID_Start}$_][\\p{ID_Continue}$.]*)\\(', 'u'), code(frame.text));
  return m ? m[1] : undefined;
}

function declared(text) {
  const found = [];
  const plain = code(text), pattern = /(?:\b(?:let|const|var|function\*?|class|import|catch)\s*[({[]?\s*|[(,{[]\s*)([\p{ID_Start}$_][\p{ID_Continue}$]*)/gu;
  for (let m; found.length < maxNames && (m = exec(pattern, plain)) !== null;) push(found, m[1]);
  return found;
}

// ---- hints ----

const aliases = {
  __proto__: null,
  append: 'push', add: 'push', len: 'length', size: 'length', contains: 'includes', has: 'includes', remove: 'splice', extend: 'concat', upper: 'toUpperCase', lower: 'toLowerCase',
  strip: 'trim', startswith: 'startsWith', endswith: 'endsWith', isArray: 'Array.isArray', each: 'forEach', collect: 'map', select: 'filter', fold: 'reduce', items: 'Object.entries', keys: 'Object.keys', values: 'Object.values',
  format: 'a template literal', substr: 'slice', reversed: 'reverse', sorted: 'sort', index: 'indexOf',
};

function listed(all) {
  let out = '';
  for (let i = 0; i < all.length && i < 12; i++) out += (i > 0 ? ', ' : '') + slice(all[i], 0, 40);
  return out + (all.length > 12 ? ', ...' : '');
}

function ownKeys(value) {
  if (value === null || typeof value !== 'object' || native.classOf(value) === 'Proxy') return [];
  const all = getOwnPropertyNames(value), found = [];
  for (let i = 0; i < all.length && i < maxNames; i++) if (!(isArray(value) && all[i] === 'length')) push(found, all[i]);
  return found;
}

// missing explains the first step of an expression that is undefined although what it is taken from is there.
function missing(frame, steps) {
  for (let i = 1; i < steps.length; i++) {
    const { text, base, key, value, index } = steps[i];
    if (value !== undefined || base === undefined || base === null || base === Unknown) continue;
    const from = steps[i - 1].text;
    if (isArray(base) || typeof base === 'string') {
      if (exec(/^-?\d+$/, key)) {
        if (+key >= 0 && +key < base.length) return '`' + text + '` is undefined although `' + from + '` has ' + base.length + ' items: ' + (onceOnly(frame) || 'look at what fills it');
        if (base.length === 0) return '`' + from + '` is empty here: check that it has items before it is indexed';
        return '`' + from + '` has ' + base.length + ' items, so its indices end at ' + (base.length - 1) + (index !== undefined ? '; the index ' + index + ' gave ' + key : '; the index was ' + key) + ': stop one earlier, or check the bound';
      }
    }
    const all = names(base);
    const best = known(base, key, all);
    if (best) return 'did you mean ' + best + '? `' + from + '` has no ' + key + made(frame, best);
    const mine = ownKeys(base);
    if (mine.length > 0 && !isArray(base)) return '`' + text + '` is undefined: `' + from + '` has ' + listed(mine);
    return '`' + from + '` has no ' + key;
  }
  return undefined;
}

function known(base, key, all) {
  const best = nearest(key, all);
  if (best) return best;
  const alias = aliases[key];
  if (alias === undefined || data(base, key) !== undefined) return undefined;
  return exec(/^[a-z]\w*$/, alias) && data(base, alias) === undefined ? undefined : alias;
}

// made says where the program makes a name.
function made(frame, name) {
  if (frame.translated) return '';
  const safe = replace(name, /\$/g, '\\$');
  const m = exec(new AnyRegExp('\\b(?:function|class|let|const|var)\\s+' + safe + '\\b|(?:^|\\n)[^\\n]*\\b(?:function\\b[^\\n(]*|[\\w$]+)\\([^()\\n]*\\b' + safe + '\\b[^()\\n]*\\)\\s*\\{|(?:^|\\n)\\s*(?:static\\s+|async\\s+)*' + safe + '\\s*\\([^()]*\\)\\s*\\{|\\.' + safe + '\\s*=[^=]'), code(frame.text));
  return m ? '; line ' + lineOf(frame.text, m.index + m[0].length - 1) + ' has ' + name : '';
}

// absent explains an expression that is undefined or null where a property of it is used.
function absent(frame, target, property) {
  const steps = walk(frame, target);
  const found = missing(frame, steps);
  if (found) return found;
  const made = exec(/([\p{ID_Start}$_][\p{ID_Continue}$.]*)\([^()]*\)$/u, target);
  const name = made ? made[1] : steps.length === 1 ? assigned(frame, target) : undefined;
  if (name !== undefined) {
    const why = giver(frame, name);
    if (why) return why;
    if (exec(/\.(?:find|match|exec|pop|shift|get|at)$/, name)) return '`' + name + '(...)` found nothing: test for that first';
  }
  return steps.length > 0 && steps[steps.length - 1].value === undefined ? forgetful(frame) || onceOnly(frame) : undefined;
}

// forgetful names a function of the program whose value is used and that never returns one.
function forgetful(frame) {
  const plain = code(frame.text), pattern = /(?:^|[\n;{}])\s*(?:async\s+|static\s+)*(?:function\s+)?([\p{ID_Start}$_][\p{ID_Continue}$]*)\s*\([^()]*\)\s*\{/gu;
  for (let m; (m = exec(pattern, plain)) !== null;) {
    const name = m[1];
    if (exec(/^(?:if|for|while|switch|catch|function|constructor|with)$/, name)) continue;
    const used = exec(new AnyRegExp('(?:[=(,+\\-*/:?&|>]|\\breturn|\\bawait)\\s*(?:[\\w$]+\\.)*' + replace(name, /\$/g, '\\$') + '\\('), plain);
    const why = used ? giver(frame, name) : undefined;
    if (why && exec(/has no return/, why)) return why;
  }
  return undefined;
}

// undefinedName is for a name that nothing is called.
function undefinedName(frame, name) {
  const all = [];
  for (let i = 0; i < frame.variables.length; i += 2) push(all, frame.variables[i]);
  const text = declared(frame.text);
  for (let i = 0; i < text.length; i++) push(all, text[i]);
  const best = nearest(name, all) || nearest(name, getOwnPropertyNames(globalThis));
  return best ? 'did you mean ' + best + '?' + made(frame, best) : undefined;
}

// notFunction is for a call of what is no function.
function notFunction(frame, name) {
  const steps = walk(frame, name);
  const last = steps.length > 0 ? steps[steps.length - 1] : undefined;
  if (last === undefined || last.text !== name || last.value === Unknown) return ofAnything(frame, name);
  if (last.value === undefined && steps.length > 1) {
    const found = missing(frame, steps);
    if (found) return replace(found, '`' + name + '` is undefined', '`' + name + '` is not a function');
  }
  if (last.value !== undefined && last.value !== Unknown && typeof last.value !== 'function') {
    const kind = last.value === null ? 'null' : isArray(last.value) ? 'an array' : typeof last.value === 'object' ? 'an object' : 'a ' + typeof last.value;
    return '`' + name + '` is ' + kind + ', not a function: leave the parentheses out, or is an operator or a semicolon missing?';
  }
  return undefined;
}

// ofAnything is for a method of a value that is not known: the nearest name among those of the usual types and those in the text.
function ofAnything(frame, name) {
  const m = exec(/\.([\p{ID_Start}$_][\p{ID_Continue}$]*)$/u, name);
  if (!m) return undefined;
  const all = declared(frame.text);
  for (let k = 0; k < usual.length; k++) {
    const own = getOwnPropertyNames(usual[k]);
    for (let i = 0; i < own.length; i++) push(all, own[i]);
  }
  const methods = /(?:^|[\n;{}])\s*(?:static\s+|async\s+|get\s+)*([\p{ID_Start}$_][\p{ID_Continue}$]*)\s*\([^()]*\)\s*\{/gu, plain = code(frame.text);
  for (let found; (found = exec(methods, plain)) !== null;) push(all, found[1]);
  for (let i = 0; i < all.length; i++) if (all[i] === m[1]) return undefined; // it exists, somewhere
  const best = nearest(m[1], all);
  return best ? 'did you mean ' + best + '?' : undefined;
}

const usual = [Array.prototype, String.prototype, Number.prototype, Map.prototype, Set.prototype, Promise.prototype, RegExp.prototype, Date.prototype, Array, Object, Number, Math, JSON, Promise];

// calls looks at the calls of the program's functions on a line: the wrong number of arguments is no error here, and shows as undefined or NaN later.
function calls(frame, line) {
  const plain = code(line), pattern = /([\p{ID_Start}$_][\p{ID_Continue}$]*)\(/gu;
  for (let m; (m = exec(pattern, plain)) !== null;) {
    const f = definition(frame.text, m[1]);
    if (f === undefined) continue;
    const open = m.index + m[0].length - 1, close = matching(plain, open);
    if (close < 0) continue;
    const given = count(slice(plain, open + 1, close)), wanted = count(f.parameters);
    const required = exec(/=|\.\.\./, f.parameters) ? undefined : wanted;
    if (required !== undefined && given !== required && indexOf(slice(plain, open, close), '...') < 0 && !exec(/function\s*$/, slice(plain, 0, m.index))) {
      return (line === frame.text && !frame.translated ? 'line ' + lineOf(line, m.index) + ': ' : '') + m[1] + ' takes ' + wanted + ' argument' + (wanted === 1 ? '' : 's') + ' (' + f.parameters + '), this call gives ' + given;
    }
    const why = frame.left === undefined && line !== frame.text ? giver(frame, m[1]) : undefined;
    if (why) return why;
  }
  return undefined;
}

// onceOnly finds a property that is read in one place and that nothing makes, next to one of nearly that name: a slip that is no error here.
function onceOnly(frame) {
  const plain = code(frame.text), pattern = /\.([\p{ID_Start}$_][\p{ID_Continue}$]{3,})(?!\s*=[^=])/gu, words = [];
  if (plain === '') return undefined;
  const word = /[\p{ID_Start}$_][\p{ID_Continue}$]*/gu;
  const seen = { __proto__: null };
  for (let m; (m = exec(word, frame.text)) !== null;) {
    seen[m[0]] = (seen[m[0]] || 0) + 1;
    if (seen[m[0]] === 1) push(words, m[0]);
  }
  for (let m; (m = exec(pattern, plain)) !== null;) {
    if (seen[m[1]] !== 1 || isStandard(m[1])) continue;
    const best = nearest(m[1], words);
    if (best && best !== m[1] && isMade(frame.text, best)) return 'did you mean ' + best + '? ' + (frame.translated ? '' : 'line ' + lineOf(frame.text, m.index) + ' reads ') + '.' + m[1] + ', which nothing sets';
  }
  return undefined;
}

// isMade says that a program gives something a property of a name.
function isMade(text, name) {
  const safe = replace(name, /\$/g, '\\$');
  return exec(new AnyRegExp('\\b' + safe + '["\']?\\s*:|\\.' + safe + '\\s*=[^=]|[{,]\\s*' + safe + '\\s*[,}]|(?:^|\\n)\\s*(?:static\\s+|async\\s+|get\\s+)*' + safe + '\\s*\\([^()]*\\)\\s*\\{'), text) !== null;
}

function isStandard(name) {
  const all = [AnyObject.prototype, prototypes.string, prototypes.number, Array.prototype, Map.prototype, Set.prototype, Promise.prototype, RegExp.prototype, Date.prototype, Function.prototype, Error.prototype, Math, JSON, console, Object, Number, Promise, Array];
  for (let i = 0; i < all.length; i++) if (getOwnPropertyDescriptor(all[i], name) !== undefined) return true;
  return false;
}

// unclosed says of a line that does not compile which bracket it leaves open.
function unclosed(line) {
  const plain = code(line), open = [];
  const closing = { __proto__: null, '(': ')', '[': ']', '{': '}' };
  for (let i = 0; i < plain.length; i++) {
    const c = plain[i];
    if (closing[c] !== undefined) push(open, i);
    else if ((c === ')' || c === ']' || c === '}') && open.length > 0 && closing[plain[open[open.length - 1]]] === c) open.length--;
  }
  for (let i = open.length - 1; i >= 0; i--) {
    const c = plain[open[i]];
    if (c !== '{') return 'the ' + c + ' at column ' + (open[i] + 1) + ' is not closed on this line: add ' + closing[c] + ' where it ends';
  }
  return undefined;
}

function count(list) {
  if (!exec(/\S/, list)) return 0;
  let n = 1, depth = 0;
  const plain = replace(list, /,\s*$/, '');
  for (let i = 0; i < plain.length; i++) {
    const c = plain[i];
    if (c === '(' || c === '[' || c === '{') depth++;
    else if (c === ')' || c === ']' || c === '}') depth--;
    else if (c === ',' && depth === 0) n++;
  }
  return n;
}

module.exports = { nearest, names, data, absent, onceOnly, forgetful, unclosed, undefinedName, notFunction, calls, declared, definition, code, isObject: (v) => v instanceof AnyObject };
