function double(values) {
  values.map((value) => value * 2);
}

const doubled = double([1, 2]);
console.log(doubled.length);
