// Fills the global object with what programs for Node expect and QuickJS does not have.

const timers = internal('timers');
const errors = internal('errors');
const { Console } = internal('console');

const timerFunctions = {
  setTimeout: timers.setTimeout, clearTimeout: timers.clearTimeout, setInterval: timers.setInterval, clearInterval: timers.clearInterval,
  setImmediate: timers.setImmediate, clearImmediate: timers.clearImmediate,
};

function hidden(target, values) {
  for (const k of Object.keys(values)) Object.defineProperty(target, k, { value: values[k], writable: true, enumerable: false, configurable: true });
}

function install(global) {
  hidden(Error, {
    captureStackTrace(target) {
      const trace = new Error();
      const name = target.name === undefined ? 'Error' : target.name;
      const frames = trace.stack.includes('\n') ? trace.stack.slice(trace.stack.indexOf('\n')) : '';
      Object.defineProperty(target, 'stack', { value: `${name}${target.message ? `: ${target.message}` : ''}${frames}`, writable: true, enumerable: false, configurable: true });
    },
    stackTraceLimit: 10,
  });
  hidden(global, {
    global,
    console: new Console((text) => native.write(1, text), (text) => native.write(2, text)),
    process: internal('process').processObject,
    ...timerFunctions,
    queueMicrotask: timers.queueMicrotask,
    gc: undefined,
    tools: internal('tools').tools,
  });
  delete global.gc;
  hidden(global, internal('encoding').globals);
  hidden(global, internal('web').globals);
  hidden(global, internal('url').globals);
  hidden(global, internal('fetch').globals);
  hidden(global, { Buffer: internal('buffer').Buffer, Blob: internal('buffer').Blob, crypto: internal('crypto').web });
  internal('locale').install();
  for (const name of ['util', 'fs', 'assert', 'equal', 'readline', 'stream', 'os', 'asynchooks', 'testrunner']) internal(name);
}

module.exports = { install, timerFunctions, unavailable: errors.unavailable };
