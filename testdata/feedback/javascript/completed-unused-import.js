const _ = require('lodash');
const fs = require('fs');

console.log(typeof fs.readFileSync);
