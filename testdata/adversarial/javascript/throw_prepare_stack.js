// attack: a hook for stack traces that never returns
// expect: failed exception Error | exhausted fuel
// because: an engine without the hook ignores it
Error.prepareStackTrace = () => { for (;;); };
throw new Error('x');
