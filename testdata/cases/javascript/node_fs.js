// stdout: [ 'one', 'two', '' ] 8 false
// stdout: [ 'c.txt', 'deep', 'deep/er', 'deep/er/b.txt' ] [ [ 'c.txt', false ], [ 'deep', true ] ]
// stdout: ENOENT -2 open ENOENT: no such file or directory, open 'missing'
// stdout: ENOTEMPTY -39 rmdir ENOTEMPTY: directory not empty, rmdir 'deep'
// stdout: EISDIR -21 read EISDIR: illegal operation on a directory, read
// stdout: EEXIST -17 mkdir EEXIST: file already exists, mkdir 'deep'
// stdout: false
// stdout: promise ENOENT

const fs = require('fs');
fs.mkdirSync('/tmp/case/deep/er', { recursive: true });
process.chdir('/tmp/case');
fs.writeFileSync('a.txt', 'one\n');
fs.appendFileSync('a.txt', 'two\n');
console.log(fs.readFileSync('a.txt', 'utf8').split('\n'), fs.statSync('a.txt').size, fs.existsSync('b.txt'));
fs.renameSync('a.txt', 'deep/er/b.txt');
fs.copyFileSync('deep/er/b.txt', 'c.txt');
console.log(fs.readdirSync('.', { recursive: true }).sort(), fs.readdirSync('.', { withFileTypes: true }).map((e) => [e.name, e.isDirectory()]));
for (const f of [() => fs.readFileSync('missing'), () => fs.rmdirSync('deep'), () => fs.readFileSync('deep'), () => fs.mkdirSync('deep')]) {
  try { f(); } catch (e) { console.log(e.code, e.errno, e.syscall, e.message); }
}
fs.rmSync('/tmp/case', { recursive: true });
console.log(fs.existsSync('/tmp/case'));
fs.promises.readFile('/nope').catch((e) => console.log('promise', e.code));
