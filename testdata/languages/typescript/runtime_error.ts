interface Amount {
  value: number;
}

function pick(amounts: Amount[], n: number): number {
  return amounts[n].value; // ERROR
}

console.log("picking");
var result = pick(INPUT.amounts, 7);
