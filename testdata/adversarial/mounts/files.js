// attack: from JavaScript: climb out, follow links, change what was granted for reading, reach what is forbidden
// expect: completed
// result: []
const fs = await import('fs');
const found = [];
const attempt = (name, run) => { try { run(); found.push(name); } catch (e) { if (/outside-|\/tmp\//.test(String(e.message))) found.push(e.message); } };
for (const path of ['/data/../outside/secret', '/data/abs', '/data/rel', '/data/up/outside/secret', '/data/deep', '/data/pipe', '/data/private/key', '/out/tokey', '/data/a.csv\0', '/data/..\\outside'])
  attempt('read ' + path, () => fs.readFileSync(path));
for (const path of ['/data/a.csv', '/data/new', '/one.txt', '/logs/log', '/out/abs', '/out/rel/new', '/out/up/new', '/out/private/key'])
  attempt('write ' + path, () => fs.writeFileSync(path, 'x'));
for (const path of ['/data/a.csv', '/logs/log', '/one.txt', '/out/private/key']) {
  attempt('unlink ' + path, () => fs.unlinkSync(path));
  attempt('rename ' + path, () => fs.renameSync(path, '/out/taken'));
}
attempt('readdir', () => fs.readdirSync('/data/up'));
attempt('read a log', () => fs.readFileSync('/logs/log'));
if (!String(fs.readFileSync('/data/a.csv', 'utf8')).startsWith('x,y')) found.push('a granted file cannot be read');
fs.writeFileSync('/out/made', 'by JavaScript');
if (fs.readFileSync('/out/made', 'utf8') !== 'by JavaScript') found.push('a granted folder cannot be written');
found;
