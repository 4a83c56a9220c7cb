// stdout: end
// stdout: 7

tools.slow({ n: 7 }).then(console.log);
console.log('end');
