// stdout: {
// stdout:   first: 'aaaaaaaaaaaaaaaaaaaaaaaa',
// stdout:   second: 'bbbbbbbbbbbbbbbbbbbbbbbbbbb',
// stdout:   third: 'ccccccccccccc',
// stdout:   n: 1
// stdout: }
// stdout: {
// stdout:   text: 'one\ntwo',
// stdout:   long: 'this line is long enough to be split\n' +
// stdout:     'at its newline because it does not fit in eighty'
// stdout: }

console.log({ first: 'aaaaaaaaaaaaaaaaaaaaaaaa', second: 'bbbbbbbbbbbbbbbbbbbbbbbbbbb', third: 'ccccccccccccc', n: 1 });
console.log({ text: 'one\ntwo', long: 'this line is long enough to be split\nat its newline because it does not fit in eighty' });
