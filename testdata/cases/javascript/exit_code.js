// exit: 3
// kind: exit
// status: failed
// stdout: before
// stdout: exit 3

process.on('exit', (code) => console.log('exit', code));
try {
  console.log('before');
  process.exit(3);
} catch (e) {
  console.log('not caught');
} finally {
  console.log('no finally');
}
