const util = require('utill');
console.log(util.format('%d', 1));
