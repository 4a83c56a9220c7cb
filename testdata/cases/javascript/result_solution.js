// result: [1, 2]
// stdout: called

async function solution() {
  console.log('called');
  return [1, 2];
}
