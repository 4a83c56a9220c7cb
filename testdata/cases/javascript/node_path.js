// stdout: /b/c.txt y .c ../c/d
// stdout: {
// stdout:   root: '/',
// stdout:   dir: '/home/u',
// stdout:   base: 'f.tar.gz',
// stdout:   ext: '.gz',
// stdout:   name: 'f.tar'
// stdout: } a/c/ /a/c

const path = require('node:path');
console.log(path.join('/a', '..', 'b', './c.txt'), path.basename('/x/y.txt', '.txt'), path.extname('a.b.c'), path.relative('/a/b', '/a/c/d'));
console.log(path.parse('/home/u/f.tar.gz'), path.normalize('a//b/../c/'), path.resolve('/a', 'b', '../c'));
