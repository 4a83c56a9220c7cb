// hint: `user.getName` is not a function

const user = { name: 'x' };
user.getName(); // error: TypeError: not a function
