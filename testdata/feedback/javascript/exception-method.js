const names = ['ann', 'bob'];
console.log(names.joinn(', '));
