// stdout: before

console.log('before');
setTimeout(() => {
  null.x; // error: TypeError: cannot read property 'x' of null
}, 1);
