// stdout: https://User@example.com/a/c?x=1&x=2#frag example.com https://example.com [ [ 'x', '1' ], [ 'x', '2' ] ]
// stdout: https://User@example.com:81/n%20m?x=1&x=2&q=a+b%26c
// stdout: http://a.b/../c/./d http://a.b/c/d
// stdout: file:///etc/x file:///etc/x
// stdout: mailto:x@y.z mailto:x@y.z
// stdout: http://[::1]:80/ http://[::1]/
// stdout: http://0x7f.1/ http://127.0.0.1/
// stdout: http://münchen.de/ä http://xn--mnchen-3ya.de/%C3%A4
// stdout: https://h?b https://h/?b
// stdout: nope invalid
// stdout: http://a b invalid
// stdout: a=1&b=x+y [ '1 2', ' ' ]

const u = new URL('../c?x=1&x=2#frag', 'https://User@Example.com:443/a/b/');
console.log(u.href, u.host, u.origin, [...u.searchParams]);
u.searchParams.append('q', 'a b&c');
u.pathname = '/n m';
u.port = '81';
u.hash = '';
console.log(`${u}`);
for (const s of ['http://a.b/../c/./d', 'file:///etc/x', 'mailto:x@y.z', 'http://[::1]:80/', 'http://0x7f.1/', 'http://münchen.de/ä', 'https://h?b', 'nope', 'http://a b'])
  console.log(s, URL.canParse(s) ? new URL(s).href : 'invalid');
console.log(new URLSearchParams({ a: '1', b: 'x y' }).toString(), new URLSearchParams('?a=1+2&a=%20').getAll('a'));
