// attack: an exit code of zero set while failing
// expect: failed exception Error
process.exitCode = 0;
process.on('exit', () => { process.exitCode = 0; });
throw new Error('the truth');
