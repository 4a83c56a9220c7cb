// One run: what main.c calls. start compiles the program and lets it begin; turn does what may not happen inside a job
// (ticks, rejections, timers) until nothing is left; finish gives the response.

const errors = internal('errors');
const timers = internal('timers');
const values = internal('values');
const calls = internal('calls');
const tools = internal('tools');
const modules = internal('modules');
const { processObject, beginProcess } = internal('process');
const { isInstance } = internal('inspect');
const parse = JSON.parse;
// Taken before the program runs, which may replace every built-in function.
const { call } = Function.prototype;
const uncurry = (f) => call.bind(f);
const mapSet = uncurry(Map.prototype.set);
const mapDelete = uncurry(Map.prototype.delete);
const mapForEach = uncurry(Map.prototype.forEach);
const mapSize = uncurry(Object.getOwnPropertyDescriptor(Map.prototype, 'size').get);
const then = uncurry(Promise.prototype.then);
const resolved = Promise.resolve.bind(Promise);
const { defineProperty, assign, getOwnPropertyDescriptor } = Object;
const exec = uncurry(RegExp.prototype.exec);
const slice = uncurry(String.prototype.slice);
const indexOf = uncurry(String.prototype.indexOf);
const replace = uncurry(String.prototype.replace);
const hexOf = uncurry(Number.prototype.toString);
const quote = JSON.stringify;
const { SyntaxError: BadSyntax, Error: AnyError, Map: AnyMap, RegExp: AnyRegExp, Uint8Array: Bytes } = globalThis;

// A session is one global scope for the programs of many requests, its turns.
let inSession = false; // this request is a turn
let turns = 0; // earlier turns
let lastValue; // what the session's _ is, unless the program has taken the name

// The program goes through these phases; a new one begins when the promise of the one before is settled.
const PROGRAM = 'program', VALUE = 'value', SOLUTION = 'solution', DONE = 'done';
const names = ['result', 'answer', 'solution'];

let run;

// The request of a program that will run by itself, as a module of its own.
let kept;

function start(text) {
  beginRequest(parse(text));
}

// alone is start for the program that was kept: what the host gave with a request, the module's own surroundings give.
function alone() {
  const argv = native.args();
  native.home = '/';
  errors.setTranslation(kept.translation);
  beginRequest({ __proto__: null, source: kept.source, filename: kept.filename, argv: argv.length > 0 ? argv : [kept.filename], path: kept.path, seed: randomSeed(), strict: kept.strict, alone: true, compiled: kept.compiled });
}

function randomSeed() {
  const bytes = new Bytes(32);
  native.random(bytes);
  let hex = '';
  for (let i = 0; i < 32; i++) hex += slice('0' + hexOf(bytes[i], 16), -2);
  return hex;
}

function beginRequest(request) {
  const source = typeof request.source === 'string' ? request.source : '';
  const file = request.filename || 'main.js';
  run = {
    __proto__: null, phase: PROGRAM, op: request.op || 'run', resultBytes: request.result_bytes || 1 << 20, status: 'completed', error: undefined, exitCode: undefined, rejections: new AnyMap(),
    lookup: () => undefined, value: undefined, valueSource: undefined, emittedBeforeExit: false, looked: request.alone === true, warnings: [],
  };
  const later = turns > 0;
  inSession = request.session === true;
  errors.setProgram(file, source, request.path || [], request.traceback === 'none', later);
  if (request.seed && !later) native.seed(request.seed);
  const only = request.op === 'check' || request.op === 'build';
  native.trace(only ? 0 : (request.trace === true ? 1 : 0) + (request.coverage === true ? 2 : 0) + (inSession ? 4 : 0));
  if (only) {
    const compiled = check(source, file, request.op === 'build');
    run.phase = DONE;
    if (request.op === 'build' && run.error === undefined) kept = { __proto__: null, compiled, source, filename: file, path: request.path, strict: request.strict, translation: request.translation };
    return;
  }
  if (request.op !== undefined && request.op !== 'run') {
    fail({ kind: 'unsupported', type: 'Error', message: 'the JavaScript guest does not know the operation ' + request.op }, 'invalid');
    return;
  }
  beginProcess(request, later);
  modules.begin(request, later, warn);
  if (later) forget();
  else delete globalThis.INPUT;
  if (request.input !== undefined) Object.defineProperty(globalThis, 'INPUT', { value: request.input, writable: true, enumerable: false, configurable: true });
  if (inSession) {
    turns++;
    beginTurn(source, file);
  } else launch(source, file, request.compiled === true);
  timers.runTicks(guard); // Node runs them before the first promise job
}

// warn adds what a model should know although it does not stop the program.
function warn(kind, message, line) {
  if (run === undefined || run.warnings.length >= 20) return;
  const warning = { __proto__: null, kind, message };
  if (line > 0) warning.line = line;
  native.push(run.warnings, warning);
}

// compile tries the program as a script, then as a module, as Node does with a file of unknown kind.
// When neither works, the error that stands further down is the one about the program's real mistake.
function compile(source, file, asScript, asModule) {
  let first;
  try {
    return asScript(source, file);
  } catch (e) {
    first = e;
  }
  try {
    return asModule(source, file);
  } catch (second) {
    if (!isInstance(second, BadSyntax) || second.fileName !== file) throw isInstance(second, BadSyntax) ? second : assign(new Loading(), { error: second });
    throw further(first, second);
  }
}

// What went wrong while a module's imports were loaded: the program itself is fine.
class Loading {}

function further(a, b) {
  if (b.lineNumber > a.lineNumber || (b.lineNumber === a.lineNumber && b.columnNumber > a.columnNumber)) return b;
  return a;
}

// check says whether it kept the compiled program, which it does of a script when it should.
function check(source, file, keep) {
  modules.setCheckOnly(true);
  let isKept = false;
  try {
    isKept = compile(source, file, (s, f) => native.evalScript(s, f, true, false, keep), (s, f) => native.evalModule(s, f, true)) === true;
  } catch (e) {
    if (!(e instanceof Loading)) fail(errors.describeSyntax(e), 'invalid');
  }
  modules.setCheckOnly(false);
  return isKept;
}

// forget drops what an earlier turn left under way: a turn that ended in the middle has timers, calls and rejections that nobody is there for.
function forget() {
  timers.forget();
  calls.forget();
  tools.forget();
}

// A program that was started is a promise, and what its value is when that is fulfilled.
const started = (promise, value) => ({ __proto__: null, promise, value });

function launch(source, file, compiled) {
  begin(() => compile(source, file, (s, f) => started(compiled ? native.evalCompiled(f) : native.evalScript(s, f, false), scriptValue), (s, f) => {
    const [promise, namespace] = native.evalModule(s, f, false);
    return started(promise, () => {
      run.lookup = (name) => (name in namespace ? namespace[name] : undefined);
      return namespace.default;
    });
  }));
}

function scriptValue(r) {
  // result, answer and solution are objects through which the variable can be read at any time
  run.lookup = (name) => (r[name] === undefined ? undefined : r[name][name]);
  return r.value;
}

// beginTurn lets a session's turn begin: a script whose declarations are global. What it imports and exports is written as a script can.
function beginTurn(source, file) {
  const before = { __proto__: null };
  for (let i = 0; i < names.length; i++) if (indexOf(source, names[i]) >= 0) before[names[i]] = readGlobal(names[i]);
  run.lookup = (name) => {
    if (!(name in before)) return undefined;
    const value = readGlobal(name);
    return value !== before[name] || assigns(source, name) ? value : undefined;
  };
  const asTurn = (s, f) => started(native.evalScript(s, f, false, true), (r) => r.value);
  begin(() => compile(source, file, asTurn, (s, f) => {
    modules.setCheckOnly(true);
    let places;
    try {
      places = native.declarations(s, f);
    } finally {
      modules.setCheckOnly(false);
    }
    return asTurn(asScript(s, places), f);
  }));
}

function readGlobal(name) {
  try {
    return native.evalFunction('typeof ' + name + " === 'undefined' ? undefined : " + name, 'wand:name');
  } catch {
    return undefined; // a declaration that was never reached
  }
}

// assigns says whether a text declares or assigns a name, as far as can be told from the text.
function assigns(source, name) {
  return exec(new AnyRegExp('(?:\\b(?:let|const|var|function|class|import)\\s+' + name + '\\b|(?:^|[^.\\w$])' + name + '\\s*=(?![=>]))'), source) !== null;
}

// asScript writes a module's import and export declarations as a script can have them; every line stays where it is.
function asScript(source, places) {
  let text = '', at = 0;
  for (let i = 0; i + 1 < places.length; i += 2) {
    const declaration = slice(source, places[i], places[i + 1]);
    let written = declaration[0] === 'i' ? importAsScript(declaration) : exportAsScript(declaration);
    for (let have = count(written, '\n'), want = count(declaration, '\n'); have < want; have++) written += '\n';
    text += slice(source, at, places[i]) + written;
    at = places[i + 1];
  }
  return text + slice(source, at);
}

function count(text, part) {
  let n = 0;
  for (let at = indexOf(text, part); at >= 0; at = indexOf(text, part, at + 1)) n++;
  return n;
}

// The parser has accepted the declaration: what is left is to take it to pieces.
const imported = /^import\s*(?:([\s\S]*?)\s*\bfrom\s*)?(?:'((?:[^'\\]|\\[\s\S])*)'|"((?:[^"\\]|\\[\s\S])*)")/;
const importedNames = /^(?:([\p{ID_Start}$_][\p{ID_Continue}$]*)\s*,?\s*)?(?:\*\s*as\s+([\p{ID_Start}$_][\p{ID_Continue}$]*)|\{([\s\S]*)\})?$/u;
const comments = /\/\*[\s\S]*?\*\/|\/\/[^\n]*/g;

function importAsScript(declaration) {
  let m = exec(imported, declaration);
  if (m !== null && m[1] !== undefined && (indexOf(m[1], '//') >= 0 || indexOf(m[1], '/*') >= 0)) m = exec(imported, replace(declaration, comments, ' '));
  if (m === null) return declaration;
  const name = quote(m[2] !== undefined ? m[2] : m[3]);
  const load = 'await import(' + name + ')';
  if (m[1] === undefined) return load + ';';
  const [, whole, star, list] = exec(importedNames, m[1]) || [];
  let wanted = '';
  const want = (from, to) => {
    const why = quote('The requested module ' + name + " does not provide an export named '" + from + "'");
    wanted += (wanted ? ', ' : '') + from + ': ' + to + ' = (() => { throw new SyntaxError(' + why + '); })()';
  };
  if (whole !== undefined) want('default', whole);
  if (list !== undefined) {
    for (let rest = list, n; (n = exec(nextName, rest)) !== null; rest = slice(rest, n[0].length)) want(n[1], n[2] || n[1]);
  }
  if (star !== undefined) return 'const ' + star + ' = ' + load + (wanted ? ', {' + wanted + '} = ' + star : '') + ';';
  return 'const {' + wanted + '} = ' + load + ';';
}

const nextName = /^[\s,]*([\p{ID_Start}$_][\p{ID_Continue}$]*)(?:\s+as\s+([\p{ID_Start}$_][\p{ID_Continue}$]*))?/u;
const exportedList = /^export\s*[{*]/;
const exportedDefault = /^export\s+default\s+/;
const namedDeclaration = /^(?:(?:async\s+)?function\s*\*?|class)\s+(?!extends\b)[\p{ID_Start}$_]/u;

function exportAsScript(declaration) {
  if (exec(exportedList, declaration) !== null) return ';';
  const m = exec(exportedDefault, declaration);
  if (m === null) return '      ' + slice(declaration, 6);
  let rest = slice(declaration, m[0].length);
  if (exec(namedDeclaration, rest) !== null) return replace(m[0], /\S/g, ' ') + rest;
  if (rest[rest.length - 1] === ';') rest = slice(rest, 0, -1);
  return replace(m[0], /\S/g, ' ') + ';(' + rest + '\n);';
}

// begin starts what compiles and runs the program, and takes its value or error.
function begin(start) {
  const mine = run; // what settles after its turn concerns nobody
  let program;
  try {
    program = start();
  } catch (e) {
    if (e instanceof Loading) return uncaught(e.error);
    const report = isInstance(e, BadSyntax) ? errors.describeSyntax(e) : errors.describe(e);
    errors.print(e, report);
    fail(report, isInstance(e, BadSyntax) ? 'invalid' : 'failed');
    return;
  }
  native.react(program.promise, (r) => mine === run && onValue(program.value(r)), (e) => mine === run && uncaught(e));
}

// The program's last expression (or default export) is known; a promise is awaited, as a notebook would.
function onValue(value) {
  run.phase = VALUE;
  if (isThenable(value)) {
    const mine = run;
    then(resolved(value), (v) => mine === run && settle(v, 'expression'), (e) => mine === run && uncaught(e));
    return;
  }
  settle(value, 'expression');
}

function isThenable(v) {
  try {
    return native.classOf(v) === 'Promise' || (v !== null && typeof v === 'object' && typeof v.then === 'function');
  } catch {
    return false;
  }
}

function settle(value, source) {
  if (value !== undefined && !timers.isTimer(value)) {
    run.value = value;
    run.valueSource = source;
  }
  run.phase = DONE;
}

// turn says whether anything is left to do.
function turn() {
  if (run.error !== undefined) return false;
  if (timers.runTicks(guard)) return true;
  if (reportRejections()) return run.error === undefined;
  if (timers.runNext(guard)) {
    if (run.error === undefined) timers.runTicks(guard);
    return true;
  }
  if (run.phase === PROGRAM) {
    const e = new AnyError('the top-level await never settles: what it waits for is not resolved, and nothing else is left to run');
    defineProperty(e, 'stack', { __proto__: null, value: 'Error: ' + e.message, writable: true, configurable: true });
    processObject.exitCode = 13;
    uncaught(e);
    return false;
  }
  if (!run.emittedBeforeExit && !inSession) {
    run.emittedBeforeExit = true;
    guard(() => processObject.emit('beforeExit', exitCode() || 0));
    return true;
  }
  if (run.valueSource === undefined && run.phase !== SOLUTION && !run.looked) return lookForValue();
  return false;
}

// Without a last expression the value is what result, answer or solution() give.
function lookForValue() {
  run.looked = true;
  for (let i = 0; i < names.length; i++) {
    const name = names[i];
    let v;
    try {
      v = run.lookup(name);
    } catch {
      continue; // a declaration that was never reached
    }
    if (v === undefined) continue;
    if (name !== 'solution') {
      run.phase = VALUE;
      if (isThenable(v)) then(resolved(v), (x) => settle(x, name), uncaught);
      else if (typeof v === 'function') continue;
      else settle(v, name);
      return true;
    }
    if (typeof v !== 'function' || v.length !== 0 || native.functionKind(v) >= 4) continue;
    run.phase = SOLUTION;
    run.emittedBeforeExit = false;
    guard(() => then(resolved(v()), (x) => {
      if (x === undefined) warn('no_value', 'solution() gave undefined, so the program has no value: let it return its result');
      settle(x, 'solution');
    }, uncaught));
    return true;
  }
  return false;
}

function guard(f) {
  try {
    f();
  } catch (e) {
    uncaught(e);
  }
}

// uncaught ends the run with an error, unless the program listens for it.
function uncaught(error, origin = 'uncaughtException') {
  if (run.error !== undefined) return;
  if (listens('uncaughtException')) {
    guardFinal(() => processObject.emit('uncaughtException', error, origin));
    if (run.phase === PROGRAM || run.phase === VALUE) run.phase = DONE;
    return;
  }
  const report = errors.describe(error);
  errors.print(error, report);
  fail(report, 'failed');
  if (!inSession) guardFinal(() => processObject.emit('exit', exitCode() || 1));
  native.stop();
}

// listens says whether the program handles an event of process itself; when it broke the emitter, it does not.
function listens(event) {
  try {
    return processObject.listenerCount(event) > 0;
  } catch {
    return false;
  }
}

// exitCode is process.exitCode as a number from 0 to 255, or undefined: the program may have assigned anything.
function exitCode() {
  try {
    const code = processObject.exitCode;
    return code === undefined || code === null ? undefined : (+code | 0) & 255;
  } catch {
    return 1;
  }
}

function guardFinal(f) {
  try {
    f();
  } catch (e) {
    if (run.error !== undefined) return;
    const report = errors.describe(e);
    errors.print(e, report);
    fail(report, 'failed');
    native.stop();
  }
}

function fail(report, status) {
  run.status = status;
  run.error = report;
  run.phase = DONE;
}

// rejection is QuickJS's tracker: a promise was rejected with nobody listening, or somebody began to listen.
function rejection(promise, reason, handled) {
  if (handled) mapDelete(run.rejections, promise);
  else mapSet(run.rejections, promise, reason);
}

function reportRejections() {
  if (mapSize(run.rejections) === 0) return false;
  let first, last;
  mapForEach(run.rejections, (reason, promise) => {
    const item = { __proto__: null, promise, reason, next: undefined };
    if (last === undefined) first = item;
    else last.next = item;
    last = item;
  });
  run.rejections = new AnyMap();
  for (let pending = first; pending !== undefined; pending = pending.next) {
    const { promise, reason } = pending;
    if (listens('unhandledRejection')) guard(() => processObject.emit('unhandledRejection', reason, promise));
    else uncaught(reason, 'unhandledRejection');
  }
  return true;
}

// exit is process.exit: nothing of the program runs afterwards.
function exit(code) {
  if (code !== 0 && run.error === undefined) {
    const report = errors.describe(new AnyError('the program ended itself with exit code ' + code));
    report.kind = 'exit';
    report.type = 'process.exit';
    delete report.values;
    delete report.hint;
    run.exitReport = report;
  }
  run.exitCode = code;
  native.stop();
}

// finish gives the response. native.json reads own properties only, and run is out of the program's reach.
function finish() {
  if (run.error === undefined && run.exitCode === undefined && isProgram()) {
    // the program came to its end by itself
    try {
      if (!inSession) processObject.emit('exit', exitCode() || 0);
    } catch (e) {
      const report = errors.describe(e);
      errors.print(e, report);
      fail(report, 'failed');
    }
    if (run.exitCode === undefined) run.exitCode = exitCode();
  }
  if (run.exitCode !== undefined && run.exitCode !== 0 && run.error === undefined) {
    run.status = 'failed';
    run.error = run.exitReport || { __proto__: null, kind: 'exit', type: 'process.exit', message: 'the program ended itself with exit code ' + run.exitCode };
    const failed = errors.failedTest();
    if (failed !== undefined) {
      run.error.message = failed.count === 1 ? 'the test "' + failed.name + '" failed' : failed.count + ' tests failed; the first is "' + failed.name + '"';
      run.error.cause = failed.report;
      run.error.hint = failed.report.hint || 'make the test named here pass first';
    }
  }
  const caught = native.caught();
  if (caught !== undefined) {
    const last = caught.length - 1;
    for (let i = 0; i + 1 < caught.length; i += 2) warn('swallowed', 'the catch here took ' + errors.title(caught[i]) + ' and said nothing', caught[i + 1]);
    if (caught[last] > last / 2) warn('swallowed', caught[last] - last / 2 + ' more errors were swallowed');
  }
  if (native.randomUsed()) warn('nondeterministic', 'the program used Math.random: another run may end differently');
  if (inSession && run.valueSource === 'expression' && isProgram()) showLast(run.value);
  let response = '{"status":"' + run.status + '"';
  if (run.error === undefined && run.valueSource !== undefined) {
    response += ',"result":{"value":' + values.encode(run.value, run.resultBytes) + ',"source":"' + run.valueSource + '"}';
  }
  if (run.exitCode !== undefined) response += ',"exit_code":' + run.exitCode;
  if (run.error !== undefined) {
    response += ',"error":' + (native.json(run.error, Infinity) || '{"kind":"exception","type":"Error","message":"the error cannot be shown"}');
  }
  if (run.warnings.length > 0) response += ',"warnings":' + (native.json(run.warnings, Infinity) || '[]');
  return response + '}';
}

// isProgram says whether the request was to run one.
function isProgram() {
  return run.op === 'run';
}

// exitStatus is what the program that ran by itself ends with.
function exitStatus() {
  return run.exitCode !== undefined ? run.exitCode : run.status === 'completed' ? 0 : 1;
}

// showLast makes a turn's value the session's _, as Node's prompt does, until the program uses the name itself.
function showLast(value) {
  const now = getOwnPropertyDescriptor(globalThis, '_');
  if (now !== undefined && (!('value' in now) || now.value !== lastValue)) return;
  lastValue = value;
  defineProperty(globalThis, '_', { __proto__: null, value, writable: true, enumerable: false, configurable: true });
}

// What a first program would make is made before the interpreter is copied: this one runs then, and leaves nothing but functions of the engine's that exist
// now, and the layouts of objects. It prints to nobody.
const ordinary = { __proto__: null, op: 'run', language: 'javascript', source: `console.log('a', 1, [1, 2.5], { b: true }, null, new Map([[1, 'x']]));
const list = [3, 1, 2].map((x) => x * 2).filter((x) => x > 1).sort((a, b) => a - b);
for (const [k, v] of Object.entries({ a: 1 })) list.push(\`\${k}\${v}\`.split(',').join('-').trim().toUpperCase());
const sum = list.slice(1).reduce((a, b) => a + b, 0);
Math.max(Math.floor(1.5), Math.round(2.5), parseInt('3', 10));
JSON.stringify([...new Set(list)].includes(4) ? sum : JSON.parse('{"a": [1]}').a.length.toFixed(2).padStart(8));
'b-c'.replace(/-/g, '+').indexOf('c')`, filename: 'main.js', argv: ['main.js'], path: [], result_bytes: 1 << 20 };
let models; // a request and a run, whose layouts the first real ones have too

function warm() {
  const { write } = native;
  native.write = () => {};
  start(JSON.stringify(ordinary));
  const { result_bytes, ...rest } = ordinary;
  models = [parse(JSON.stringify({ ...rest, seed: '00', result_bytes })), run];
  return write;
}

function warmed(write) {
  native.write = write;
  models[1].lookup = models[1].value = undefined;
  run = undefined;
  errors.setProgram('', '', [], false, false);
  modules.begin({ source: '' }, false, () => {});
  native.randomUsed();
}

function install(n) {
  modules.prepare();
  n.warm = warm;
  n.warmed = warmed;
  n.start = start;
  n.turn = turn;
  n.finish = finish;
  n.alone = alone;
  n.exitStatus = exitStatus;
  n.rejection = rejection;
  n.resolveModule = modules.resolveModule;
  n.loadModule = modules.loadModule;
  n.importMeta = modules.importMeta;
  n.mainThis = undefined;
}

module.exports = { install, uncaught, exit, warn };
