// stdout: TypeError fetch failed: http: nobody answers at 127.0.0.1:1
// stdout: PermissionError fetch failed: not allowed: no rule grants GET http://denied.test/
// stdout: AbortError TimeoutError
// error: TypeError: Failed to parse URL from /x

for (const url of ['http://127.0.0.1:1/', 'http://denied.test/']) await fetch(url).catch((e) => console.log(e.name, e.message));
const c = new AbortController();
setTimeout(() => c.abort(), 1);
const aborted = await fetch(INPUT + '/never', { signal: c.signal }).catch((e) => e.name);
console.log(aborted, await fetch(INPUT + '/never', { signal: AbortSignal.timeout(1) }).catch((e) => e.name));
await fetch('/x');
