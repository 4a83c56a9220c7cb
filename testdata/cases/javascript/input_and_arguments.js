// input: {"n": 4}
// args: a --b
// env: LANG=C
// stdout: 4 [ 'a', '--b' ] C /work wasi

console.log(INPUT.n, process.argv.slice(2), process.env.LANG, process.cwd(), process.platform);
