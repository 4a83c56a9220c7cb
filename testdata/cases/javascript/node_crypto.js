// stdout: md5 900150983cd24fb0d6963f7d28e17f72
// stdout: sha1 a9993e364706816aba3e25717850c26c9cd0d89d
// stdout: sha256 ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad
// stdout: sha512 ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f
// stdout: UDH+PZicbRU3oBP6bnOdojRj/a7DtwE32Cjjas4iG9A= 36 5
// stdout: 44f8354494a5ba03ba1792a8d3e9c534c47a9181980fde7a3f44b06ef2ae7c7f

const crypto = require('crypto');
for (const name of ['md5', 'sha1', 'sha256', 'sha512']) console.log(name, crypto.createHash(name).update('abc').digest('hex'));
console.log(crypto.createHmac('sha256', 'key').update('data').digest('base64'), crypto.randomUUID().length, crypto.randomBytes(5).length);
console.log(crypto.createHash('sha256').update('x'.repeat(1000)).digest('hex'));
