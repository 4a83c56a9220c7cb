// tools: granted
console.log(await tools.broken());
