// error: Error: the top-level await never settles...

await tools.slow({ n: 1 });
await new Promise(() => {});
