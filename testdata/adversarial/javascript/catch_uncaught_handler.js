// attack: a process-wide handler that never returns
// expect: exhausted fuel
process.on('uncaughtException', () => { for (;;); });
throw new Error('x');
