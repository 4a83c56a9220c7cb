// toLocaleString and the little of Intl that programs use, in American English only: there are no locale data here.

const numberToString = Number.prototype.toString;
const { toFixed, toPrecision } = Number.prototype;

function group(digits) {
  return digits.replace(/\B(?=(\d{3})+$)/g, ',');
}

const symbols = { USD: '$', EUR: '€', GBP: '£', JPY: '¥', INR: '₹', CNY: 'CN¥', KRW: '₩', BRL: 'R$', CAD: 'CA$', AUD: 'A$', MXN: 'MX$', CHF: 'CHF\u00a0' };

// round gives a decimal string with at most max and at least min digits after the point, halves away from zero.
function round(value, min, max) {
  let text = toFixed.call(value, Math.min(max, 100));
  // toFixed rounds the binary value; en-US rounds the shortest decimal that names it
  const shortest = numberToString.call(value);
  if (!shortest.includes('e')) {
    const [whole, fraction = ''] = shortest.split('.');
    if (fraction.length > max && fraction[max] === '5' && /^0*$/.test(fraction.slice(max + 1))) {
      const scaled = (BigInt(whole + fraction.slice(0, max)) + 1n).toString().padStart(max + 1, '0');
      text = max === 0 ? scaled : `${scaled.slice(0, -max)}.${scaled.slice(-max)}`;
    } else if (fraction.length <= max) {
      text = `${whole}${max > 0 ? `.${fraction.padEnd(max, '0')}` : ''}`;
    }
  }
  let [whole, fraction = ''] = text.split('.');
  while (fraction.length > min && fraction.endsWith('0')) fraction = fraction.slice(0, -1);
  return [whole, fraction];
}

function formatNumber(value, locale, o = {}) {
  if (Number.isNaN(value)) return 'NaN';
  const negative = value < 0 || Object.is(value, -0);
  let v = Math.abs(value);
  const currency = o.style === 'currency' ? `${o.currency}`.toUpperCase() : '';
  const percent = o.style === 'percent';
  if (percent) v *= 100;
  let suffix = '';
  let max = o.maximumFractionDigits, min = o.minimumFractionDigits;
  if (o.notation === 'compact') {
    const units = [[1e12, 'T'], [1e9, 'B'], [1e6, 'M'], [1e3, 'K']];
    for (const [size, name] of units) {
      if (v >= size) {
        v /= size;
        suffix = name;
        break;
      }
    }
    if (max === undefined) max = v < 100 ? (v < 10 || suffix !== '' ? 1 : 0) : 0;
  }
  const usual = currency ? (currency === 'JPY' || currency === 'KRW' ? 0 : 2) : percent ? 0 : 3;
  if (min === undefined) min = currency ? (max === undefined ? usual : Math.min(usual, max)) : 0;
  if (max === undefined) max = Math.max(min, usual);
  if (min > max || max > 100 || min < 0) throw new RangeError(`maximumFractionDigits value is out of range.`);
  let text;
  if (v === Infinity) {
    text = '∞';
  } else {
    let [whole, fraction] = o.maximumSignificantDigits !== undefined
      ? numberToString.call(Number(toPrecision.call(v, o.maximumSignificantDigits))).split('.')
      : v >= 1e21 ? [BigInt(v).toString(), ''] : round(v, min, max);
    if (o.minimumIntegerDigits) whole = whole.padStart(o.minimumIntegerDigits, '0');
    text = (o.useGrouping === false ? whole : group(whole)) + (fraction ? `.${fraction}` : '');
  }
  text += suffix;
  if (percent) text += '%';
  if (currency) text = (o.currencyDisplay === 'code' ? `${currency}\u00a0` : symbols[currency] || `${currency}\u00a0`) + text;
  if (o.style === 'unit' && o.unit) text += ` ${o.unit}`;
  const sign = negative ? '-' : o.signDisplay === 'always' || (o.signDisplay === 'exceptZero' && v !== 0) ? '+' : '';
  return sign + text;
}

const months = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December'];
const days = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const two = (n) => `${n}`.padStart(2, '0');

function width(value, style) {
  return style === '2-digit' ? two(value % 100) : `${value}`;
}

// formatDate knows the en-US patterns for any choice of fields. The time zone is UTC, the machine's own here.
function formatDate(date, o = {}, usual = 'any') {
  if (Number.isNaN(date.getTime())) return 'Invalid Date';
  o = { ...o };
  const dateStyles = { full: { weekday: 'long', year: 'numeric', month: 'long', day: 'numeric' }, long: { year: 'numeric', month: 'long', day: 'numeric' }, medium: { year: 'numeric', month: 'short', day: 'numeric' }, short: { year: '2-digit', month: 'numeric', day: 'numeric' } };
  const timeStyles = { full: { hour: 'numeric', minute: '2-digit', second: '2-digit', timeZoneName: 'short' }, long: { hour: 'numeric', minute: '2-digit', second: '2-digit', timeZoneName: 'short' }, medium: { hour: 'numeric', minute: '2-digit', second: '2-digit' }, short: { hour: 'numeric', minute: '2-digit' } };
  if (o.dateStyle) Object.assign(o, dateStyles[o.dateStyle]);
  if (o.timeStyle) Object.assign(o, timeStyles[o.timeStyle]);
  const hasDate = o.weekday || o.year || o.month || o.day;
  const hasTime = o.hour || o.minute || o.second || o.fractionalSecondDigits;
  if (!hasDate && !hasTime) {
    if (usual !== 'time') Object.assign(o, { year: 'numeric', month: 'numeric', day: 'numeric' });
    if (usual !== 'date') Object.assign(o, { hour: 'numeric', minute: '2-digit', second: '2-digit' });
  }
  let datePart = '';
  const y = o.year && width(date.getUTCFullYear(), o.year);
  const d = o.day && width(date.getUTCDate(), o.day);
  if (o.month === 'long' || o.month === 'short') {
    const m = o.month === 'long' ? months[date.getUTCMonth()] : months[date.getUTCMonth()].slice(0, 3);
    datePart = d ? `${m} ${d}${y ? `, ${y}` : ''}` : `${m}${y ? ` ${y}` : ''}`;
  } else {
    datePart = [o.month && width(date.getUTCMonth() + 1, o.month), d, y].filter(Boolean).join('/');
  }
  if (o.weekday) {
    const w = o.weekday === 'long' ? days[date.getUTCDay()] : days[date.getUTCDay()].slice(0, 3);
    datePart = datePart ? `${w}, ${datePart}` : w;
  }
  let timePart = '';
  if (o.hour || o.minute || o.second) {
    const h24 = o.hour12 === false || o.hourCycle === 'h23';
    const hours = date.getUTCHours();
    const h = h24 ? two(hours) : o.hour === '2-digit' ? two(hours % 12 || 12) : `${hours % 12 || 12}`;
    const parts = [];
    if (o.hour) parts.push(h);
    if (o.minute) parts.push(o.hour || o.second ? two(date.getUTCMinutes()) : `${date.getUTCMinutes()}`);
    if (o.second) parts.push(o.minute ? two(date.getUTCSeconds()) : `${date.getUTCSeconds()}`);
    timePart = parts.join(':');
    if (o.hour && !h24) timePart += ` ${hours < 12 ? 'AM' : 'PM'}`;
    if (o.timeZoneName) timePart += ' UTC';
  }
  if (!datePart || !timePart) return datePart || timePart;
  return o.dateStyle === 'full' || o.dateStyle === 'long' ? `${datePart} at ${timePart}` : `${datePart}, ${timePart}`;
}

function install() {
  const set = (proto, name, f) => Object.defineProperty(proto, name, { value: f, writable: true, enumerable: false, configurable: true });
  set(Number.prototype, 'toLocaleString', { toLocaleString(locale, o) { return formatNumber(Number.prototype.valueOf.call(this), locale, o); } }.toLocaleString);
  set(BigInt.prototype, 'toLocaleString', { toLocaleString() {
    const s = BigInt.prototype.toString.call(this);
    return s[0] === '-' ? `-${group(s.slice(1))}` : group(s);
  } }.toLocaleString);
  set(Date.prototype, 'toLocaleString', { toLocaleString(locale, o) { return formatDate(this, o, 'any'); } }.toLocaleString);
  set(Date.prototype, 'toLocaleDateString', { toLocaleDateString(locale, o) { return formatDate(this, o, 'date'); } }.toLocaleDateString);
  set(Date.prototype, 'toLocaleTimeString', { toLocaleTimeString(locale, o) { return formatDate(this, o, 'time'); } }.toLocaleTimeString);
  class NumberFormat {
    #options;
    format;
    constructor(locale, o = {}) {
      this.#options = { ...o };
      formatNumber(0, locale, this.#options);
      Object.defineProperty(this, 'format', { value: (v) => (typeof v === 'bigint' ? v.toLocaleString() : formatNumber(Number(v), locale, this.#options)), enumerable: false });
    }
    resolvedOptions() {
      return { locale: 'en-US', numberingSystem: 'latn', style: 'decimal', ...this.#options };
    }
  }
  class DateTimeFormat {
    #options;
    format;
    constructor(locale, o = {}) {
      this.#options = { ...o };
      Object.defineProperty(this, 'format', { value: (d = new Date()) => formatDate(new Date(d), this.#options, 'date'), enumerable: false });
    }
    resolvedOptions() {
      return { locale: 'en-US', calendar: 'gregory', numberingSystem: 'latn', timeZone: 'UTC', ...this.#options };
    }
  }
  class Collator {
    compare;
    constructor(locale, o = {}) {
      Object.defineProperty(this, 'compare', { value: (a, b) => `${a}`.localeCompare(`${b}`, locale, o), enumerable: false });
    }
    resolvedOptions() {
      return { locale: 'en-US', usage: 'sort', sensitivity: 'variant' };
    }
  }
  class PluralRules {
    #ordinal;
    constructor(locale, o = {}) {
      this.#ordinal = o.type === 'ordinal';
    }
    select(n) {
      if (!this.#ordinal) return n === 1 ? 'one' : 'other';
      const tens = n % 100, ones = n % 10;
      if (tens >= 11 && tens <= 13) return 'other';
      return ['other', 'one', 'two', 'few'][ones] || 'other';
    }
  }
  class ListFormat {
    #word;
    constructor(locale, o = {}) {
      this.#word = o.type === 'disjunction' ? 'or' : 'and';
    }
    format(items) {
      const list = [...items];
      if (list.length < 3) return list.join(` ${this.#word} `);
      return `${list.slice(0, -1).join(', ')}, ${this.#word} ${list[list.length - 1]}`;
    }
  }
  const Intl = {};
  Object.defineProperty(Intl, Symbol.toStringTag, { value: 'Intl', configurable: true });
  for (const C of [NumberFormat, DateTimeFormat, Collator, PluralRules, ListFormat]) {
    C.supportedLocalesOf = (l) => [].concat(l);
    // Intl's constructors may be called without new
    set(Intl, C.name, new Proxy(C, { apply: (target, self, args) => new target(...args) }));
  }
  set(globalThis, 'Intl', Intl);
  // localeCompare without collation tables: letters first by base letter, then accents, then lower before upper case.
  const base = (s) => s.normalize('NFD').replace(/[\u0300-\u036f]/g, '').toLowerCase();
  const marks = '_-,;:!?.\'"()[]{}@*/\\&#%`^+<=>|~$';
  const rank = (c) => (/[\p{L}]/u.test(c) ? 300 : /[0-9]/.test(c) ? 200 : /\s/.test(c) ? 0 : 1 + marks.indexOf(c));
  const compare = (a, b) => {
    const n = Math.min(a.length, b.length);
    for (let i = 0; i < n; i++) {
      if (a[i] === b[i]) continue;
      const ra = rank(a[i]), rb = rank(b[i]);
      if (ra !== rb) return ra < rb ? -1 : 1;
      return a[i] < b[i] ? -1 : 1;
    }
    return Math.sign(a.length - b.length);
  };
  const compareNumeric = (a, b) => {
    const pa = a.match(/\d+|\D+/g) || [], pb = b.match(/\d+|\D+/g) || [];
    for (let i = 0; i < Math.min(pa.length, pb.length); i++) {
      const c = /^\d/.test(pa[i]) && /^\d/.test(pb[i]) ? Math.sign(Number(pa[i]) - Number(pb[i])) : compare(pa[i], pb[i]);
      if (c !== 0) return c;
    }
    return Math.sign(pa.length - pb.length);
  };
  set(String.prototype, 'localeCompare', { localeCompare(that, locale, o = {}) {
    const a = `${this}`, b = `${that}`;
    if (a === b) return 0;
    const c = (o && o.numeric ? compareNumeric : compare)(base(a), base(b));
    if (c !== 0 || (o && o.sensitivity === 'base')) return c;
    const na = a.normalize('NFD').toLowerCase(), nb = b.normalize('NFD').toLowerCase();
    if (na !== nb && !(o && o.sensitivity === 'case')) return na < nb ? -1 : 1;
    if (o && o.sensitivity === 'accent') return 0;
    const fa = a.normalize('NFC'), fb = b.normalize('NFC');
    for (let i = 0; i < Math.min(fa.length, fb.length); i++) {
      if (fa[i] === fb[i]) continue;
      return fa[i] === fa[i].toLowerCase() ? -1 : 1;
    }
    return 0;
  } }.localeCompare);
}

module.exports = { install, formatNumber, formatDate };
