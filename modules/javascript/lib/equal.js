// Deep equality, strict and loose, as assert and util compare values.

const kindOf = (v) => native.classOf(v);
const hasOwn = (o, k) => Object.prototype.hasOwnProperty.call(o, k);
const isEnumerable = (o, k) => Object.prototype.propertyIsEnumerable.call(o, k);

function deepEqual(a, b, strict) {
  return equal(a, b, strict, { as: [], bs: [] });
}

function equal(a, b, strict, memo) {
  if (a === b) return a !== 0 || !strict || Object.is(a, b);
  if (strict) {
    if (typeof a !== 'object') return typeof a === 'number' && Number.isNaN(a) && Number.isNaN(b);
    if (typeof b !== 'object' || a === null || b === null) return false;
    if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false;
  } else {
    if (a === null || typeof a !== 'object') return (b === null || typeof b !== 'object') && (a == b || (Number.isNaN(a) && Number.isNaN(b)));
    if (b === null || typeof b !== 'object') return false;
  }
  const kind = kindOf(a);
  if (kind !== kindOf(b) && kind !== 'Proxy' && kindOf(b) !== 'Proxy') return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  switch (kind) {
    case 'Date':
      if (a.getTime() !== b.getTime() && !(Number.isNaN(a.getTime()) && Number.isNaN(b.getTime()))) return false;
      break;
    case 'RegExp':
      if (a.source !== b.source || a.flags !== b.flags || a.lastIndex !== b.lastIndex) return false;
      break;
    case 'Error':
      if (a.message !== b.message || a.name !== b.name) return false;
      if (!equal(a.cause, b.cause, strict, memo) || !equal(a.errors, b.errors, strict, memo)) return false;
      break;
    case 'Number':
    case 'String':
    case 'Boolean':
    case 'BigInt':
    case 'Symbol':
      if (!Object.is(a.valueOf(), b.valueOf())) return false;
      break;
    case 'Promise':
    case 'WeakMap':
    case 'WeakSet':
    case 'WeakRef':
      return false;
    case 'ArrayBuffer':
      return equal(new Uint8Array(a), new Uint8Array(b), strict, memo);
  }
  if (ArrayBuffer.isView(a) && kind !== 'DataView') {
    if (a.length !== b.length) return false;
    for (let i = 0; i < a.length; i++) if (strict ? !Object.is(a[i], b[i]) : a[i] !== b[i] && !(Number.isNaN(a[i]) && Number.isNaN(b[i]))) return false;
    return true;
  }
  for (let i = 0; i < memo.as.length; i++) if (memo.as[i] === a) return memo.bs[i] === b;
  memo.as.push(a);
  memo.bs.push(b);
  const same = equalContents(a, b, strict, memo, kind);
  memo.as.pop();
  memo.bs.pop();
  return same;
}

function equalContents(a, b, strict, memo, kind) {
  if (Array.isArray(a) && a.length !== b.length) return false;
  const ka = Object.keys(a), kb = Object.keys(b);
  if (ka.length !== kb.length) return false;
  for (const k of ka) if (!hasOwn(b, k)) return false;
  if (strict) {
    const sa = Object.getOwnPropertySymbols(a).filter((s) => isEnumerable(a, s));
    const sb = Object.getOwnPropertySymbols(b).filter((s) => isEnumerable(b, s));
    if (sa.length !== sb.length) return false;
    for (const s of sa) if (!isEnumerable(b, s) || !equal(a[s], b[s], strict, memo)) return false;
  }
  if (kind === 'Set' && !equalSets(a, b, strict, memo)) return false;
  if (kind === 'Map' && !equalMaps(a, b, strict, memo)) return false;
  for (const k of ka) if (!equal(a[k], b[k], strict, memo)) return false;
  return true;
}

function equalSets(a, b, strict, memo) {
  if (a.size !== b.size) return false;
  const left = [...a].filter((v) => !b.has(v) || (strict && v === 0));
  const rest = new Set([...b].filter((v) => !a.has(v)));
  for (const v of left) {
    if (b.has(v)) continue;
    if (strict && (v === null || typeof v !== 'object')) return false;
    let found = false;
    for (const w of rest) {
      if (!equal(v, w, strict, memo)) continue;
      rest.delete(w);
      found = true;
      break;
    }
    if (!found) return false;
  }
  return true;
}

function equalMaps(a, b, strict, memo) {
  if (a.size !== b.size) return false;
  const rest = new Map();
  for (const [k, v] of b) if (!a.has(k)) rest.set(k, v);
  for (const [k, v] of a) {
    if (b.has(k)) {
      if (!equal(v, b.get(k), strict, memo)) return false;
      continue;
    }
    if (strict && (k === null || typeof k !== 'object')) return false;
    let found = false;
    for (const [k2, v2] of rest) {
      if (!equal(k, k2, strict, memo) || !equal(v, v2, strict, memo)) continue;
      rest.delete(k2);
      found = true;
      break;
    }
    if (!found) return false;
  }
  return true;
}

module.exports = { deepEqual };
