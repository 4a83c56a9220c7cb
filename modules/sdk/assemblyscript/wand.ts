// wand for programs in AssemblyScript: the run's input, its tools, its value. One file, no packages.
//
//   import * as wand from "./wand";
//
//   const n = wand.input().get("n").int();
//   const sum = wand.call("add", wand.object().set("a", n).set("b", 2));
//   wand.result(wand.object().set("sum", sum));
//
// call ends the program when the tool fails or the policy refuses; tryCall lets the program deal with it. console.log, console.error, assert, throw and
// process.exit are there as well.

// @ts-ignore: decorator
@external("wand", "input") declare function abiInput(): i32;
// @ts-ignore: decorator
@external("wand", "call") declare function abiCall(name: usize, nameLength: i32, args: usize, argsLength: i32): i32;
// @ts-ignore: decorator
@external("wand", "start") declare function abiStart(name: usize, nameLength: i32, args: usize, argsLength: i32): i32;
// @ts-ignore: decorator
@external("wand", "wait") declare function abiWait(nanoseconds: i64): i64;
// @ts-ignore: decorator
@external("wand", "take") declare function abiTake(buffer: usize, capacity: i32): i32;
// @ts-ignore: decorator
@external("wand", "respond") declare function abiRespond(text: usize, length: i32): void;

/** The run's input; a null when there is none. */
export function input(): Value {
  const text = taken(abiInput());
  return text.length ? parse(text) : new Value();
}

/** What came of a call: a value, or an error. */
export class Outcome {
  value: Value = new Value();
  failed: bool = false;
  /** PermissionError, ArgumentError, TimeoutError, ToolError. */
  type: string = "";
  /** What was wrong. */
  message: string = "";
  /** What to do. */
  hint: string = "";
  /** Of a started call: its number. */
  number: i32 = 0;
}

/** Calls a tool, with one object by parameter name. When the tool fails or the policy refuses, the program ends with that error. */
export function call(name: string, args: Value = object()): Value {
  const outcome = tryCall(name, args);
  if (outcome.failed) fail(outcome.type, outcome.message, outcome.hint);
  return outcome.value;
}

/** Calls a tool, with one object by parameter name. */
export function tryCall(name: string, args: Value = object()): Outcome {
  const n = String.UTF8.encode(name), a = String.UTF8.encode(args.toString());
  return outcomeOf(taken(abiCall(changetype<usize>(n), n.byteLength, changetype<usize>(a), a.byteLength)));
}

/** Begins a call and returns its number at once. */
export function start(name: string, args: Value = object()): i32 {
  const n = String.UTF8.encode(name), a = String.UTF8.encode(args.toString());
  return abiStart(changetype<usize>(n), n.byteLength, changetype<usize>(a), a.byteLength);
}

/** Waits until a started call has ended; null: none is under way. */
export function wait(): Outcome | null {
  const ended = abiWait(-1);
  if (ended <= 0) return null;
  const outcome = outcomeOf(taken(<i32>ended));
  outcome.number = <i32>(ended >> 32);
  return outcome;
}

/** Gives the value of the program: a Value, a number, a string, a bool, or an array of them. The last one counts. */
export function result<T>(x: T): void {
  respond(object().set("status", "completed").set("result", object().set("value", x)));
}

/** Ends the program with an error. */
export function fail(type: string, message: string, hint: string = ""): void {
  respond(object().set("status", "failed").set("error", object().set("kind", "exception").set("type", type).set("message", message).set("hint", hint)));
  unreachable();
}

function respond(response: Value): void {
  const text = String.UTF8.encode(response.toString());
  abiRespond(changetype<usize>(text), text.byteLength);
}

/** What the host keeps of the last import. */
function taken(length: i32): string {
  const buffer = new ArrayBuffer(length);
  return String.UTF8.decodeUnsafe(changetype<usize>(buffer), abiTake(changetype<usize>(buffer), length));
}

function outcomeOf(answer: string): Outcome {
  const said = parse(answer), outcome = new Outcome();
  outcome.failed = !said.has("ok");
  outcome.value = said.get("ok");
  if (outcome.failed) {
    const error = said.get("error");
    outcome.type = error.get("type").text();
    outcome.message = error.get("message").text();
    outcome.hint = error.get("hint").text();
  }
  return outcome;
}

enum Kind { Null, Bool, Int, Float, Text, Array, Object }

/** A JSON value. A missing member or item is a null, so that v.get("a").at(0) never fails. */
export class Value {
  kind: Kind = Kind.Null;
  private whole: i64 = 0;
  private real: f64 = 0;
  private string: string = "";
  private keys: string[] = [];
  private values: Value[] = [];

  /** The member of an object. */
  get(key: string): Value {
    const i = this.keys.indexOf(key);
    return i < 0 ? new Value() : this.values[i];
  }
  has(key: string): bool { return this.keys.includes(key); }
  /** The item of an array, from 0. */
  at(index: i32): Value { return this.kind == Kind.Array && index >= 0 && index < this.values.length ? this.values[index] : new Value(); }
  /** How many items an array, or members an object, has. */
  get length(): i32 { return this.values.length; }
  /** The names of an object's members. */
  names(): string[] { return this.keys; }
  /** The number, cut to an integer; 0 for anything else. */
  int(): i64 { return this.kind == Kind.Float ? <i64>this.real : this.whole; }
  /** The number; 0 for anything else. */
  number(): f64 { return this.kind == Kind.Float ? this.real : <f64>this.whole; }
  /** The text of a string; empty for anything else. */
  text(): string { return this.string; }
  bool(): bool { return this.kind == Kind.Bool && this.whole != 0; }
  isNull(): bool { return this.kind == Kind.Null; }

  /** Sets a member of an object. */
  set<T>(key: string, x: T): Value {
    const i = this.keys.indexOf(key);
    if (i >= 0) {
      this.values[i] = value(x);
    } else {
      this.keys.push(key);
      this.values.push(value(x));
    }
    return this;
  }
  /** Appends an item to an array. */
  push<T>(x: T): Value {
    this.values.push(value(x));
    return this;
  }

  /** The value as JSON. */
  toString(): string {
    const parts: string[] = [];
    switch (this.kind) {
      case Kind.Bool: return this.whole ? "true" : "false";
      case Kind.Int: return this.whole.toString();
      case Kind.Float: return isFinite(this.real) ? this.real.toString() : "null"; // JSON has no infinity and no NaN
      case Kind.Text: return quoted(this.string);
      case Kind.Array:
        for (let i = 0; i < this.values.length; i++) parts.push(this.values[i].toString());
        return "[" + parts.join(",") + "]";
      case Kind.Object:
        for (let i = 0; i < this.values.length; i++) parts.push(quoted(this.keys[i]) + ":" + this.values[i].toString());
        return "{" + parts.join(",") + "}";
    }
    return "null";
  }

  static int(n: i64): Value { const v = new Value(); v.kind = Kind.Int; v.whole = n; return v; }
  static float(n: f64): Value { const v = new Value(); v.kind = Kind.Float; v.real = n; return v; }
  static bool(b: bool): Value { const v = new Value(); v.kind = Kind.Bool; v.whole = b; return v; }
  static text(s: string): Value { const v = new Value(); v.kind = Kind.Text; v.string = s; return v; }
  static empty(kind: Kind): Value { const v = new Value(); v.kind = kind; return v; }
}

/** An empty object, for set. */
export function object(): Value { return Value.empty(Kind.Object); }

/** An empty array, for push. */
export function array(): Value { return Value.empty(Kind.Array); }

/** A number, string, bool or array as a Value; a Value as it is. */
export function value<T>(x: T): Value {
  if (isNullable<T>()) {
    if (changetype<usize>(x) == 0) return new Value();
  }
  if (isBoolean<T>()) return Value.bool(<bool>x);
  if (isInteger<T>()) return Value.int(<i64>x);
  if (isFloat<T>()) return Value.float(<f64>x);
  if (isString<T>()) return Value.text(<string>x);
  if (isArray<T>()) {
    const list = array();
    for (let i = 0; i < x.length; i++) list.push(x[i]);
    return list;
  }
  return changetype<Value>(x);
}

function quoted(text: string): string {
  let out = '"', from = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c != 0x22 && c != 0x5c && c >= 0x20) continue;
    out += text.substring(from, i) + (c < 0x20 ? "\\u00" + (c < 16 ? "0" : "") + c.toString(16) : "\\" + text.charAt(i));
    from = i + 1;
  }
  return out + text.substring(from) + '"';
}

/** Reads a JSON text; what is not one becomes a null. */
export function parse(text: string): Value {
  const reader = new Reader(text), v = reader.value();
  reader.space();
  return reader.bad || reader.at < text.length ? new Value() : v;
}

class Reader {
  at: i32 = 0;
  bad: bool = false;
  private depth: i32 = 0;
  constructor(private text: string) {}

  private peek(): i32 { return this.at < this.text.length ? this.text.charCodeAt(this.at) : 0; }

  space(): void {
    for (let c = this.peek(); c == 0x20 || c == 0x09 || c == 0x0a || c == 0x0d; c = this.peek()) this.at++;
  }

  /** Goes past a text that is next, or fails. */
  private word(word: string): bool {
    this.space();
    const found = this.text.substr(this.at, word.length) == word;
    if (found) this.at += word.length;
    return found;
  }

  private want(word: string): void {
    if (!this.word(word)) this.bad = true;
  }

  value(): Value {
    this.space();
    let v = new Value();
    if (++this.depth > 500) this.bad = true;
    switch (this.peek()) {
      case 0x7b: v = this.object(); break;
      case 0x5b: v = this.array(); break;
      case 0x22: v = Value.text(this.string()); break;
      case 0x74: this.want("true"); v = Value.bool(true); break;
      case 0x66: this.want("false"); v = Value.bool(false); break;
      case 0x6e: this.want("null"); break;
      default: v = this.number();
    }
    this.depth--;
    return v;
  }

  private object(): Value {
    const v = object();
    this.want("{");
    if (this.word("}")) return v;
    do {
      this.space();
      const key = this.string();
      this.want(":");
      if (this.bad) return v;
      v.set(key, this.value());
    } while (this.word(","));
    this.want("}");
    return v;
  }

  private array(): Value {
    const v = array();
    this.want("[");
    if (this.word("]")) return v;
    do {
      if (this.bad) return v;
      v.push(this.value());
    } while (this.word(","));
    this.want("]");
    return v;
  }

  private number(): Value {
    const from = this.at;
    let whole = true;
    for (let c = this.peek(); c == 0x2d || c == 0x2b || c == 0x2e || c == 0x65 || c == 0x45 || (c >= 0x30 && c <= 0x39); c = this.peek()) {
      if (c == 0x2e || c == 0x65 || c == 0x45) whole = false;
      this.at++;
    }
    if (this.at == from) this.bad = true;
    const digits = this.text.substring(from, this.at);
    return whole && digits.length < 19 ? Value.int(I64.parseInt(digits)) : Value.float(F64.parseFloat(digits));
  }

  private string(): string {
    if (this.peek() != 0x22) {
      this.bad = true;
      return "";
    }
    let out = "", from = ++this.at;
    while (this.at < this.text.length) {
      const c = this.peek();
      if (c == 0x22) return out + this.text.substring(from, this.at++);
      if (c != 0x5c) {
        this.at++;
        continue;
      }
      out += this.text.substring(from, this.at++);
      const e = this.peek();
      this.at++;
      switch (e) {
        case 0x6e: out += "\n"; break;
        case 0x74: out += "\t"; break;
        case 0x72: out += "\r"; break;
        case 0x62: out += "\b"; break;
        case 0x66: out += "\f"; break;
        case 0x75: out += String.fromCharCode(<i32>parseInt(this.text.substr(this.at, 4), 16)); this.at += 4; break; // of a pair each half for itself
        default: out += String.fromCharCode(e);
      }
      from = this.at;
    }
    this.bad = true;
    return out;
  }
}
