// attack: everything that could name the host, collected into the result
// expect: completed
const facts = [];
function collect(o, depth) {
  if (depth > 3 || o === null || (typeof o !== 'object' && typeof o !== 'function')) return;
  for (const k of Object.getOwnPropertyNames(o)) {
    let v;
    try { v = o[k]; } catch { continue; }
    if (typeof v === 'string') facts.push(v.slice(0, 200));
    else if (facts.length < 3000) collect(v, depth + 1);
  }
}
collect(process, 0);
facts.push(JSON.stringify(process.env), process.cwd(), import.meta.url, new Error().stack, String(new Date()));
console.log(facts.join('\n').slice(0, 100000));
facts.length > 5;
