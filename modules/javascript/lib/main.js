// Where the guest's JavaScript starts: wand_init evaluates this file once and calls it with the native functions of main.c.
// It loads every other file, fills the globals and leaves the hooks that main.c calls: start, turn, finish, and those of
// the module loader.
(function (native) {
  const cache = Object.create(null);

  // The files of this folder see three names: native, internal (to load each other) and module.
  function internal(name) {
    if (cache[name] === undefined) {
      const source = native.sources[name];
      if (source === undefined) throw new Error(`no such file in lib: ${name}`);
      const module = { exports: {} };
      cache[name] = module;
      // on one line, so that positions stay those of the file
      native.evalFunction(`(function (native, internal, module) { 'use strict'; ${source}\n})`, `wand:${name}`)(native, internal, module);
    }
    return cache[name].exports;
  }

  native.synthetic = Object.create(null);
  native.home = '/work'; // the working folder at the start of a program
  internal('globals').install(globalThis);
  internal('run').install(native);
})
