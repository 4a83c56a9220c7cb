// tools: granted
// cancel: when slow is called
console.log(await tools.slow());
