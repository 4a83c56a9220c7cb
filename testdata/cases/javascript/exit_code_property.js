// exit: 2
// status: failed
// stdout: end

process.exitCode = 2;
console.log('end');
