// stdout: true true 302 TypeError

const r = await fetch(INPUT + '/redirect');
const manual = await fetch(INPUT + '/redirect', { redirect: 'manual' });
const error = await fetch(INPUT + '/redirect', { redirect: 'error' }).catch((e) => e.name);
console.log(r.redirected, r.url === INPUT + '/echo?after=1', manual.status, error);
