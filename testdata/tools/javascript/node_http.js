// stdout: 200 text/plain; charset=utf-8 true
// stdout: abcdef h
// stdout: fetch failed: http: nobody answers at 127.0.0.1:1

const http = require('http');
http.get(INPUT + '/text', (res) => {
  let text = '';
  res.setEncoding('utf8');
  res.on('data', (chunk) => { text += chunk; });
  res.on('end', () => {
    console.log(res.statusCode, res.headers['content-type'], text === 'héllo\nwörld\n');
    const req = http.request(INPUT + '/echo', { method: 'POST', headers: { 'X-A': 'h' } }, async (r) => {
      let body = '';
      for await (const chunk of r) body += chunk;
      console.log(JSON.parse(body).body, JSON.parse(body).x);
      http.get('http://127.0.0.1:1/').on('error', (e) => console.log(e.message));
    });
    req.write('abc');
    req.end('def');
  });
});
