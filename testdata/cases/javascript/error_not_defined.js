// hint: Nothing named

const x = 1;
console.log(x + missing); // error: ReferenceError: missing is not defined
