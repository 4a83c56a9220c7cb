// stdout: A
// stdout: B
// stdout: done undefined

const { Readable, Transform, pipeline } = require('stream');
const upper = new Transform({ transform(chunk, encoding, done) { done(null, String(chunk).toUpperCase()); } });
pipeline(Readable.from(['a', 'b']), upper, (e) => console.log('done', e));
upper.on('data', (c) => console.log(String(c)));
