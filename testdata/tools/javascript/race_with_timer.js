// stdout: timer

console.log(await Promise.race([tools.slow({ n: 1 }), new Promise((r) => setTimeout(r, 1, 'timer'))]));
