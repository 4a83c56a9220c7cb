// hint: a run is given an input, which this one was not
console.log(INPUT.amounts); // error: ReferenceError: INPUT is not defined
