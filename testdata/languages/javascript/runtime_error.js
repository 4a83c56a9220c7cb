function pick(amounts, n) {
  return amounts[n].value; // ERROR
}

console.log("picking");
var result = pick(INPUT.amounts, 7);
