// stdout: plain [
// stdout:   "it's",
// stdout:   'say "hi"',
// stdout:   `both ' and "`,
// stdout:   'tab\t',
// stdout:   'back\\slash',
// stdout:   '😀',
// stdout:   '\x01'
// stdout: ]

console.log('plain', ["it's", 'say "hi"', 'both \' and "', 'tab\t', 'back\\slash', '\u{1F600}', '\x01']);
