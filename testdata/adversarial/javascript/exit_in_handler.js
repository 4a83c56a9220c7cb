// attack: an exit handler that exits again, with another code
// expect: failed exit
process.on('exit', () => { process.exit(4); });
process.exit(3);
