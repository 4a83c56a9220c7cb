// attack: the engine's own modules for processes and files
// expect: completed
// result: []
const found = [];
for (const name of ['std', 'os', 'qjs:std', 'qjs:os', 'bjson', 'wand', 'native', 'internal', 'wand:main', 'wand:run']) {
  try {
    const m = await import(name);
    for (const k of ['exec', 'popen', 'open', 'loadFile', 'system', 'dlopen', 'Worker', 'getenviron', 'kill', 'respond', 'native'])
      if (typeof m[k] === 'function' || (m.default && typeof m.default[k] === 'function')) found.push(`${name}.${k}`);
  } catch { /* absent */ }
}
found;
