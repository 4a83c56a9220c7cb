//! wand for programs in Rust: the run's input, its tools, its value. One file, no crates.
//!
//! ```ignore
//! mod wand;
//! use wand::{json, Value};
//!
//! fn main() {
//!     let n = wand::input()["n"].as_i64();
//!     let sum = wand::call("add", json!({"a": n, "b": 2}));
//!     wand::result(json!({"sum": sum}));
//! }
//! ```
//!
//! `call` ends the program when the tool fails or the policy refuses; `try_call` gives a `Result`.
#![allow(dead_code, unused_macros)]

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Index;

mod abi {
    #[link(wasm_import_module = "wand")]
    unsafe extern "C" {
        pub fn input() -> i32;
        pub fn call(name: *const u8, name_length: usize, args: *const u8, args_length: usize) -> i32;
        pub fn start(name: *const u8, name_length: usize, args: *const u8, args_length: usize) -> i32;
        pub fn wait(nanoseconds: i64) -> i64;
        pub fn take(buffer: *mut u8, capacity: usize) -> i32;
        pub fn respond(text: *const u8, length: usize);
    }
}

/// How a tool failed, or how the policy refused the call.
#[derive(Debug, Clone, Default)]
pub struct Error {
    /// PermissionError, ArgumentError, TimeoutError, ToolError.
    pub kind: String,
    /// What was wrong.
    pub message: String,
    /// What to do.
    pub hint: String,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}: {}", self.kind, self.message)
    }
}

impl std::error::Error for Error {}

/// The run's input, `Value::Null` when there is none.
pub fn input() -> Value {
    match taken(unsafe { abi::input() }) {
        text if text.is_empty() => Value::Null,
        text => parse(&text).unwrap_or_default(),
    }
}

/// Calls a tool, with one object by parameter name. When the tool fails or the policy refuses, the program ends with that error.
#[track_caller]
pub fn call(name: &str, args: Value) -> Value {
    match try_call(name, args) {
        Ok(value) => value,
        Err(error) => fail(&error),
    }
}

/// Calls a tool, with one object by parameter name.
pub fn try_call(name: &str, args: Value) -> Result<Value, Error> {
    let args = args.to_string();
    outcome(&taken(unsafe { abi::call(name.as_ptr(), name.len(), args.as_ptr(), args.len()) }))
}

/// Begins a call and returns its number at once.
pub fn start(name: &str, args: Value) -> i32 {
    let args = args.to_string();
    unsafe { abi::start(name.as_ptr(), name.len(), args.as_ptr(), args.len()) }
}

/// Waits until a started call has ended: its number and what came of it. None: no call is under way.
pub fn wait() -> Option<(i32, Result<Value, Error>)> {
    match unsafe { abi::wait(-1) } {
        ended if ended <= 0 => None,
        ended => Some(((ended >> 32) as i32, outcome(&taken(ended as i32)))),
    }
}

/// Gives the value of the program. The last one counts.
pub fn result(value: impl Into<Value>) {
    let value: Value = value.into();
    respond(&json!({"status": "completed", "result": {"value": value}}));
}

/// Ends the program with an error, at the line of the call.
#[track_caller]
pub fn fail(error: &Error) -> ! {
    let at = std::panic::Location::caller();
    eprintln!("{}:{}:{}: {}", at.file(), at.line(), at.column(), error);
    let location = json!({"file": (at.file()), "line": (at.line()), "column": (at.column())});
    let said = json!({"kind": "exception", "type": (&error.kind), "message": (&error.message), "hint": (&error.hint), "location": location});
    respond(&json!({"status": "failed", "error": said}));
    std::process::exit(1)
}

fn respond(response: &Value) {
    let text = response.to_string();
    unsafe { abi::respond(text.as_ptr(), text.len()) }
}

/// What the host keeps of the last import.
fn taken(length: i32) -> String {
    let mut text = vec![0u8; length.max(0) as usize];
    let n = unsafe { abi::take(text.as_mut_ptr(), text.len()) };
    text.truncate(n as usize);
    String::from_utf8_lossy(&text).into_owned()
}

fn outcome(answer: &str) -> Result<Value, Error> {
    let answer = parse(answer).unwrap_or_default();
    if let Value::Object(mut members) = answer {
        if let Some(value) = members.remove("ok") {
            return Ok(value);
        }
        if let Some(error) = members.remove("error") {
            let text = |key: &str| error[key].as_str().to_string();
            return Err(Error { kind: text("type"), message: text("message"), hint: text("hint") });
        }
    }
    Err(Error { kind: "ToolError".to_string(), message: "the answer of the tool is not JSON".to_string(), hint: String::new() })
}

/// A JSON value. A missing member or item is Null, so that `v["a"][0]` never fails.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Value {
    #[default]
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    String(String),
    Array(Vec<Value>),
    Object(BTreeMap<String, Value>),
}

static NULL: Value = Value::Null;

impl Value {
    /// The number, cut to an integer; 0 for anything else.
    pub fn as_i64(&self) -> i64 {
        match self {
            Value::Int(n) => *n,
            Value::Float(n) => *n as i64,
            _ => 0,
        }
    }
    /// The number; 0 for anything else.
    pub fn as_f64(&self) -> f64 {
        match self {
            Value::Int(n) => *n as f64,
            Value::Float(n) => *n,
            _ => 0.0,
        }
    }
    /// The text of a string; empty for anything else.
    pub fn as_str(&self) -> &str {
        match self {
            Value::String(s) => s,
            _ => "",
        }
    }
    pub fn as_bool(&self) -> bool {
        *self == Value::Bool(true)
    }
    /// The items of an array; none for anything else.
    pub fn items(&self) -> &[Value] {
        match self {
            Value::Array(items) => items,
            _ => &[],
        }
    }
    pub fn is_null(&self) -> bool {
        *self == Value::Null
    }
}

impl Index<&str> for Value {
    type Output = Value;
    fn index(&self, key: &str) -> &Value {
        match self {
            Value::Object(members) => members.get(key).unwrap_or(&NULL),
            _ => &NULL,
        }
    }
}

impl Index<usize> for Value {
    type Output = Value;
    fn index(&self, index: usize) -> &Value {
        self.items().get(index).unwrap_or(&NULL)
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Value::Null => f.write_str("null"),
            Value::Bool(b) => write!(f, "{b}"),
            Value::Int(n) => write!(f, "{n}"),
            Value::Float(n) if n.is_finite() => write!(f, "{n:?}"),
            Value::Float(_) => f.write_str("null"), // JSON has no infinity and no NaN
            Value::String(s) => quoted(f, s),
            Value::Array(items) => {
                f.write_str("[")?;
                for (i, item) in items.iter().enumerate() {
                    write!(f, "{}{item}", if i > 0 { "," } else { "" })?;
                }
                f.write_str("]")
            }
            Value::Object(members) => {
                f.write_str("{")?;
                for (i, (key, value)) in members.iter().enumerate() {
                    f.write_str(if i > 0 { "," } else { "" })?;
                    quoted(f, key)?;
                    write!(f, ":{value}")?;
                }
                f.write_str("}")
            }
        }
    }
}

fn quoted(f: &mut fmt::Formatter, text: &str) -> fmt::Result {
    f.write_str("\"")?;
    for c in text.chars() {
        match c {
            '"' | '\\' => write!(f, "\\{c}")?,
            c if (c as u32) < 0x20 => write!(f, "\\u{:04x}", c as u32)?,
            c => write!(f, "{c}")?,
        }
    }
    f.write_str("\"")
}

macro_rules! from {
    ($($t:ty => |$v:ident| $e:expr;)*) => { $(impl From<$t> for Value { fn from($v: $t) -> Value { $e } })* };
}

from! {
    () => |_v| Value::Null;
    bool => |v| Value::Bool(v);
    i32 => |v| Value::Int(v as i64);
    u32 => |v| Value::Int(v as i64);
    i64 => |v| Value::Int(v);
    u8 => |v| Value::Int(v as i64);
    usize => |v| i64::try_from(v).map_or(Value::Float(v as f64), Value::Int);
    u64 => |v| i64::try_from(v).map_or(Value::Float(v as f64), Value::Int);
    f64 => |v| Value::Float(v);
    f32 => |v| Value::Float(v as f64);
    &str => |v| Value::String(v.to_string());
    String => |v| Value::String(v);
    &String => |v| Value::String(v.clone());
    &Value => |v| v.clone();
}

impl<T: Into<Value>> From<Vec<T>> for Value {
    fn from(items: Vec<T>) -> Value {
        Value::Array(items.into_iter().map(Into::into).collect())
    }
}

impl<T: Into<Value> + Clone> From<&[T]> for Value {
    fn from(items: &[T]) -> Value {
        Value::Array(items.iter().cloned().map(Into::into).collect())
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Value {
        value.map_or(Value::Null, Into::into)
    }
}

/// A value as one writes JSON: `json!({"a": n, "list": [1, x]})`. What is more than a name or a number goes into brackets: `json!({"a": (n + 1)})`.
macro_rules! json {
    (null) => { $crate::wand::Value::Null };
    ([$($item:tt),* $(,)?]) => { $crate::wand::Value::Array(vec![$($crate::wand::json!($item)),*]) };
    ({$($key:tt : $value:tt),* $(,)?}) => {
        $crate::wand::Value::Object(std::collections::BTreeMap::from([$(($key.to_string(), $crate::wand::json!($value))),*]))
    };
    ($value:expr) => { $crate::wand::Value::from($value) };
}
#[allow(unused_imports)]
pub(crate) use json;

/// Reads a JSON text. None: it is not one.
pub fn parse(text: &str) -> Option<Value> {
    let mut reader = Reader { text: text.as_bytes(), at: 0, depth: 0 };
    let value = reader.value()?;
    reader.space();
    (reader.at == reader.text.len()).then_some(value)
}

struct Reader<'a> {
    text: &'a [u8],
    at: usize,
    depth: usize,
}

impl Reader<'_> {
    fn peek(&self) -> u8 {
        self.text.get(self.at).copied().unwrap_or(0)
    }

    fn space(&mut self) {
        while matches!(self.peek(), b' ' | b'\t' | b'\n' | b'\r') {
            self.at += 1;
        }
    }

    /// Goes past a text that is next.
    fn word(&mut self, word: &str) -> Option<()> {
        self.space();
        self.text[self.at..].starts_with(word.as_bytes()).then(|| self.at += word.len())
    }

    fn value(&mut self) -> Option<Value> {
        self.space();
        self.depth += 1;
        if self.depth > 500 {
            return None;
        }
        let value = match self.peek() {
            b'{' => self.object(),
            b'[' => self.array(),
            b'"' => self.string().map(Value::String),
            b't' => self.word("true").map(|_| Value::Bool(true)),
            b'f' => self.word("false").map(|_| Value::Bool(false)),
            b'n' => self.word("null").map(|_| Value::Null),
            _ => self.number(),
        };
        self.depth -= 1;
        value
    }

    fn object(&mut self) -> Option<Value> {
        let mut members = BTreeMap::new();
        self.word("{")?;
        if self.word("}").is_some() {
            return Some(Value::Object(members));
        }
        loop {
            self.space();
            let key = self.string()?;
            self.word(":")?;
            members.insert(key, self.value()?);
            if self.word(",").is_none() {
                self.word("}")?;
                return Some(Value::Object(members));
            }
        }
    }

    fn array(&mut self) -> Option<Value> {
        let mut items = Vec::new();
        self.word("[")?;
        if self.word("]").is_some() {
            return Some(Value::Array(items));
        }
        loop {
            items.push(self.value()?);
            if self.word(",").is_none() {
                self.word("]")?;
                return Some(Value::Array(items));
            }
        }
    }

    fn number(&mut self) -> Option<Value> {
        let start = self.at;
        while matches!(self.peek(), b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9') {
            self.at += 1;
        }
        let text = std::str::from_utf8(&self.text[start..self.at]).ok()?;
        text.parse().map(Value::Int).or_else(|_| text.parse().map(Value::Float)).ok()
    }

    fn string(&mut self) -> Option<String> {
        if self.peek() != b'"' {
            return None;
        }
        self.at += 1;
        let mut units: Vec<u8> = Vec::new();
        loop {
            match self.peek() {
                0 => return None,
                b'"' => break,
                b'\\' => {
                    self.at += 1;
                    let c = match self.peek() {
                        b'n' => '\n',
                        b't' => '\t',
                        b'r' => '\r',
                        b'b' => '\u{8}',
                        b'f' => '\u{c}',
                        b'u' => self.escape()?,
                        c => c as char,
                    };
                    units.extend(c.encode_utf8(&mut [0; 4]).bytes());
                }
                c => units.push(c),
            }
            self.at += 1;
        }
        self.at += 1;
        String::from_utf8(units).ok()
    }

    /// The character of \uXXXX or of a pair of them, the last digit of which is then next.
    fn escape(&mut self) -> Option<char> {
        let first = self.hex()?;
        if first >> 10 == 0x36 && self.text[self.at + 1..].starts_with(b"\\u") {
            let back = self.at;
            self.at += 2;
            let second = self.hex()?;
            if second >> 10 == 0x37 {
                return char::from_u32(0x10000 + ((first & 0x3ff) << 10) + (second & 0x3ff));
            }
            self.at = back;
        }
        Some(char::from_u32(first).unwrap_or('\u{fffd}'))
    }

    /// The four digits behind the u that is next.
    fn hex(&mut self) -> Option<u32> {
        let digits = std::str::from_utf8(self.text.get(self.at + 1..self.at + 5)?).ok()?;
        self.at += 4;
        u32::from_str_radix(digits, 16).ok()
    }
}
