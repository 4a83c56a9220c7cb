// attack: an exit handler that never returns
// expect: exhausted fuel
process.on('exit', () => { for (;;); });
