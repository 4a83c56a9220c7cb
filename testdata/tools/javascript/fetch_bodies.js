// stdout: POST application/json {"a":1}
// stdout: POST application/x-www-form-urlencoded a=x+y
// stdout: PUT  bytes
// stdout: POST multipart/form-data true
// stdout: DELETE  

async function show(init) {
  const seen = await (await fetch(INPUT + '/echo', init)).json();
  console.log(seen.method, seen.type.split(';')[0], seen.body.length > 60 ? seen.body.includes('filename="a.txt"') : seen.body);
}
await show({ method: 'POST', body: JSON.stringify({ a: 1 }), headers: { 'Content-Type': 'application/json' } });
await show({ method: 'post', body: new URLSearchParams({ a: 'x y' }) });
await show({ method: 'PUT', body: new TextEncoder().encode('bytes') });
const form = new FormData();
form.append('f', new Blob(['content']), 'a.txt');
await show({ method: 'POST', body: form });
await show({ method: 'DELETE' });
