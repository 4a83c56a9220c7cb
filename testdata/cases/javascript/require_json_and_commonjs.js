// stdout: { a: [ 1, 2 ] } 8 case_lib.js true

const fs = require('fs');
fs.writeFileSync('/tmp/case_data.json', '{"a":[1,2]}');
fs.writeFileSync('/tmp/case_lib.js', 'exports.twice = (x) => 2 * x; exports.name = require("path").basename(__filename);');
console.log(require('/tmp/case_data.json'), require('/tmp/case_lib.js').twice(4), require('/tmp/case_lib').name, require('/tmp/case_lib.js') === require('/tmp/case_lib'));
fs.unlinkSync('/tmp/case_data.json');
fs.unlinkSync('/tmp/case_lib.js');
