// result: 42

let result;
setTimeout(() => { result = 42; }, 1);
