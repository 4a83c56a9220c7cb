// What AssemblyScript expects of its host, on top of WASI. The compiler is told to use these names in the place of its own (--lib, --use).

// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "fd_write") declare function wandWrite(fd: i32, vectors: usize, count: i32, written: usize): i32;
// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "proc_exit") declare function wandExit(code: i32): void;
// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "random_get") declare function wandRandom(to: usize, length: i32): i32;
// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "clock_time_get") declare function wandClock(clock: i32, precision: i64, to: usize): i32;
// @ts-ignore: decorator
@external("wand", "respond") declare function wandRespond(text: usize, length: i32): void;

function wandPrint(fd: i32, text: string): void {
  const bytes = String.UTF8.encode(text + "\n"), vector = new StaticArray<usize>(3);
  vector[0] = changetype<usize>(bytes);
  vector[1] = bytes.byteLength;
  wandWrite(fd, changetype<usize>(vector), 1, changetype<usize>(vector) + 2 * sizeof<usize>());
}

// Texts in errors, as JSON.
function wandQuote(text: string): string {
  let out = '"';
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c == 0x22 || c == 0x5c) out += "\\" + text.charAt(i);
    else if (c < 0x20) out += "\\u00" + (c < 16 ? "0" : "") + c.toString(16);
    else out += text.charAt(i);
  }
  return out + '"';
}

// throw, assert and what the language checks itself end here.
export function wand_abort(message: string | null, file: string | null, line: u32, column: u32): void {
  const what = message === null ? "aborted" : message, where = file === null || file == "WAND_FILE" ? "WAND_NAME" : file;
  wandPrint(2, where + ":" + line.toString() + ":" + column.toString() + ": " + what);
  const response = String.UTF8.encode('{"status":"failed","error":{"kind":"exception","type":"Error","message":' + wandQuote(what) +
    (where == "WAND_NAME" ? ',"location":{"file":' + wandQuote(where) + ',"line":' + line.toString() + ',"column":' + column.toString() + "}" : "") + "}}");
  wandRespond(changetype<usize>(response), response.byteLength);
  unreachable();
}

export function wand_trace(message: string, n: i32 = 0, a0: f64 = 0, a1: f64 = 0, a2: f64 = 0, a3: f64 = 0, a4: f64 = 0): void {
  const values: f64[] = [a0, a1, a2, a3, a4];
  wandPrint(2, "trace: " + message + (n > 0 ? " " + values.slice(0, n).join(", ") : ""));
}

export function wand_seed(): f64 {
  const bits = new StaticArray<u64>(1);
  wandRandom(changetype<usize>(bits), 8);
  return reinterpret<f64>(bits[0]);
}

export namespace wand_console {
  export function log(message: string = ""): void { wandPrint(1, message); }
  export function info(message: string = ""): void { wandPrint(1, message); }
  export function debug(message: string = ""): void { wandPrint(1, message); }
  export function warn(message: string = ""): void { wandPrint(2, message); }
  export function error(message: string = ""): void { wandPrint(2, message); }
  export function assert<T>(condition: T, message: string = ""): void {
    if (!condition) wandPrint(2, "Assertion failed: " + message);
  }
}

export namespace wand_process {
  export const platform = "wasm";
  export const arch = "wasm32";
  export function exit(code: i32 = 0): void { wandExit(code); }
}

export namespace wand_Date {
  export function now(): i64 {
    const time = new StaticArray<u64>(1);
    wandClock(0, 1000000, changetype<usize>(time));
    return <i64>(time[0] / 1000000);
  }
}
