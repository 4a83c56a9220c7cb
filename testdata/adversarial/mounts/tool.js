// attack: from JavaScript, through the tool: the same decisions as opening a file
// expect: completed
// result: []
const { fs } = await import('tools');
const found = [];
for (const [name, args] of [['read', {path: '/data/../outside/secret'}], ['read', {path: '/data/abs'}], ['read', {path: '/out/private/key'}], ['read', {path: '/out/tokey'}],
  ['write', {path: '/data/a.csv', content: 'x'}], ['write', {path: '/logs/log', content: 'x'}], ['list', {path: '/data/up'}], ['remove', {path: '/data', recursive: true}],
  ['rename', {from: '/data/a.csv', to: '/out/a.csv'}], ['mkdir', {path: '/data/made'}], ['stat', {path: '/logs/log'}], ['read', {path: '/data/pipe'}]])
  try { found.push([name, await fs[name](args)]); } catch (e) { if (/outside-/.test(e.message)) found.push(e.message); }
if (await fs.read({path: '/data/a.csv', limit: 3}) !== 'x,y') found.push('a granted file cannot be read');
await fs.write({path: '/logs/log', content: 'appended\n', mode: 'append'});
found;
