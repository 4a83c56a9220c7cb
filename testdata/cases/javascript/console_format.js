// stdout: x is 4.5, 4, 1.5 {"a":1} [ 1, [length]: 1 ] % . more { b: 2 }
// stdout: null Symbol(q) { a: [Object] } -0
// stdout: 100% 1 %d

console.log('%s is %d, %i, %f %j %o %% %c.', 'x', 4.5, 4.9, '1.5', { a: 1 }, [1], 'css', 'more', { b: 2 });
console.log('%s %s %s', null, Symbol('q'), { a: { b: 1 } }, -0);
console.log('100%', 1, '%d');
