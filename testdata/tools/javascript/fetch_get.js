// stdout: 200 true OK application/json a, b
// stdout: /echo?x=1 1 Bearer t true

const r = await fetch(INPUT + '/echo?x=1', { headers: { 'X-A': '1', Authorization: 'Bearer t' } });
const seen = await r.json();
console.log(r.status, r.ok, r.statusText, r.headers.get('content-type'), r.headers.get('X-Two'));
console.log(seen.path, seen.x, seen.auth, r.bodyUsed);
