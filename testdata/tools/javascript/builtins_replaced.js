// stdout: x 10

Promise.prototype.then = Map.prototype.get = Array.prototype.map = Array.prototype.push = null;
Object.keys = String.prototype.indexOf = JSON.parse = JSON.stringify = null;
const found = await tools.search('x');
await tools.tagged({});
console.log(found);
