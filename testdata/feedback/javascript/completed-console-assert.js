const total = 3;
console.assert(total === 4, 'the total is wrong');
console.log('done');
