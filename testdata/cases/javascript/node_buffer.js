// stdout: 68c3a96c6c6f hi <Buffer 61 62>
// stdout: <Buffer de ad be ef fe ff 00 00> 3735928559 -2 <Buffer de ad> {"type":"Buffer","data":[120]}
// stdout: 6 3 -1

console.log(Buffer.from('héllo').toString('hex'), Buffer.from('aGk=', 'base64').toString(), Buffer.concat([Buffer.from('a'), Buffer.from('b')]));
const b = Buffer.alloc(8);
b.writeUInt32BE(0xdeadbeef, 0);
b.writeInt16LE(-2, 4);
console.log(b, b.readUInt32BE(0), b.readInt16LE(4), b.slice(0, 2), JSON.stringify(Buffer.from('x')));
console.log(Buffer.from('hello world').indexOf('world'), Buffer.byteLength('€'), Buffer.compare(Buffer.from('a'), Buffer.from('b')));
