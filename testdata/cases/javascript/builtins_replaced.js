// stdout: 2
// error: TypeError: mine
// stderr: ^
// stderr: TypeError: mine

console.log(2);
Array.prototype.push = Array.prototype.join = String.prototype.concat = String.prototype.slice = () => { throw new Error('no'); };
Map.prototype.get = RegExp.prototype.exec = null;
Object.prototype.toJSON = () => 'forged';
Object.prototype.cause = Object.prototype.hint = 'forged';
throw new TypeError('mine'); // error: TypeError: mine
