// stdout: undefined undefined undefined undefined

console.log(typeof fs, typeof path, typeof native, typeof INPUT);
