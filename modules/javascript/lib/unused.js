// Imports that fail and that nobody misses: a program that imports a module which does not exist, and then never uses it. Models write such
// imports out of habit. The name is bound to a stub, and a warning takes the error's place.
//
// It has to be certain that nothing reads the name: in all of the program's text it occurs in that import only, and nothing is there that could find
// it by other ways. Comments and strings count, which errs on the safe side.

const advise = internal('advise');
const { call } = Function.prototype;
const uncurry = (f) => call.bind(f);
const exec = uncurry(RegExp.prototype.exec);
const slice = uncurry(String.prototype.slice);
const indexOf = uncurry(String.prototype.indexOf);
const split = uncurry(String.prototype.split);
const { push } = native;
const { defineProperty, freeze } = Object;
const AnyRegExp = RegExp, AnyProxy = Proxy;

const tricks = /\beval\b|\bFunction\b|\bwith\s*\(|\brequire\s*\.\s*cache\b|\bglobalThis\b|\bconstructor\b|\bexport\b|\bimport\s*\(|\bimport\s*\.\s*meta\b|\bmodule\b/;
const identifier = '[\\p{ID_Start}$_][\\p{ID_Continue}$]*';
const importLine = new AnyRegExp('^import\\s+(?:(' + identifier + ')\\s*,?\\s*)?(?:\\*\\s*as\\s+(' + identifier + ')|\\{([^}]*)\\})?\\s*from\\s*([\'"])([^\'"\\\\]+)\\4\\s*;?\\s*(?:\\/\\/.*)?$', 'u');
const requireLine = new AnyRegExp('^(?:const|let|var)\\s+(?:(' + identifier + ')|\\{([^}=]*)\\})\\s*=\\s*require\\(\\s*([\'"])([^\'"\\\\]+)\\3\\s*\\)\\s*;?\\s*(?:\\/\\/.*)?$', 'u');
const aliased = new AnyRegExp('^\\s*(' + identifier + ')(?:\\s*(?:as|:)\\s*(' + identifier + '))?\\s*$', 'u');
const harmless = /^(?:\s*|\s*\/\/.*|#!.*|\s*(['"])use strict\1;?\s*|\s*\/\*(?:[^*]|\*(?!\/))*\*\/\s*)$/;

// find gives what the program's import of a module binds, {line, names: [exported...], whole}, when nothing of it is used; undefined otherwise. Only the lines
// at the program's beginning count, before anything but imports: there nothing can catch the error.
function find(source, name, form) {
  if (source.length > 200000 || exec(tricks, source) !== null) return undefined;
  const lines = split(source, '\n');
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i];
    const isImport = exec(importLine, line), isRequire = isImport === null ? exec(requireLine, line) : null;
    if (isImport === null && isRequire === null) {
      if (exec(harmless, line) !== null) continue;
      return undefined;
    }
    const from = isImport !== null ? isImport[5] : isRequire[4];
    if (from !== name) continue;
    if ((isImport !== null) !== (form === 'import')) return undefined;
    const bound = [], names = [];
    const list = isImport !== null ? isImport[3] : isRequire[2];
    if (isImport !== null && isImport[1] !== undefined) {
      push(bound, isImport[1]);
      push(names, 'default');
    }
    const whole = isImport !== null ? isImport[2] : isRequire[1];
    if (whole !== undefined) push(bound, whole);
    if (list !== undefined) {
      const parts = split(list, ',');
      for (let k = 0; k < parts.length; k++) {
        if (exec(/^\s*$/, parts[k]) !== null) continue;
        const m = exec(aliased, parts[k]);
        if (m === null) return undefined;
        push(bound, m[2] !== undefined ? m[2] : m[1]);
        push(names, m[1]);
      }
    }
    if (bound.length === 0 || occurrences(source, name) !== 1) return undefined;
    for (let k = 0; k < bound.length; k++) if (words(source, bound[k]) !== words(line, bound[k])) return undefined;
    return { __proto__: null, line: i + 1, names };
  }
  return undefined;
}

function occurrences(text, part) {
  let n = 0;
  for (let at = indexOf(text, "'" + part); at >= 0; at = indexOf(text, "'" + part, at + 1)) n++;
  for (let at = indexOf(text, '"' + part); at >= 0; at = indexOf(text, '"' + part, at + 1)) n++;
  for (let at = indexOf(text, '`' + part); at >= 0; at = indexOf(text, '`' + part, at + 1)) n++;
  return n;
}

// words counts how often a name stands in a text.
function words(text, name) {
  let n = 0;
  for (let at = indexOf(text, name); at >= 0; at = indexOf(text, name, at + 1)) {
    const before = at > 0 ? text[at - 1] : ' ', after = at + name.length < text.length ? text[at + name.length] : ' ';
    if (exec(/[\p{ID_Continue}$]/u, before) === null && exec(/[\p{ID_Continue}$]/u, after) === null) n++;
  }
  return n;
}

// stub is bound instead of what is missing: any use of it is the error that the import was spared.
function stub(error) {
  const fail = () => {
    throw error();
  };
  const traps = { __proto__: null };
  for (const trap of ['get', 'set', 'has', 'apply', 'construct', 'ownKeys', 'getPrototypeOf', 'setPrototypeOf', 'isExtensible', 'preventExtensions', 'getOwnPropertyDescriptor', 'defineProperty', 'deleteProperty']) {
    defineProperty(traps, trap, { value: fail });
  }
  return new AnyProxy(function () {}, freeze(traps));
}

module.exports = { find, stub, nearest: advise.nearest };
