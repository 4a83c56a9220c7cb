function total(prices) {
  let amount = 0;
  for (const price of prices) {
    amount += pirce;
  }
  return amount;
}

console.log(total([1, 2]));
