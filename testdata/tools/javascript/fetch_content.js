// stdout: Uint8Array(3) [ 0, 255, 254 ] true 14 hi
// stdout: false 404 false nothing here

const get = (path) => fetch(INPUT + path);
const hi = await (await fetch('data:text/plain;base64,aGk=')).text();
console.log(new Uint8Array(await (await get('/binary')).arrayBuffer()), (await (await get('/text')).text()) === 'héllo\nwörld\n', (await (await get('/text')).blob()).size, hi);
const missing = await get('/missing');
const copy = missing.clone();
let text = '';
for await (const chunk of copy.body) text += new TextDecoder().decode(chunk);
console.log(missing.ok, missing.status, missing.bodyUsed, text.trim());
