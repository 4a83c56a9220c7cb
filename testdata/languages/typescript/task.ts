interface Sum {
  total: number;
}

const amounts: number[] = INPUT.amounts;
const currency: string = INPUT.currency;
console.log("converting", amounts.length, "amounts");
const rate: number = await tools.rate({ currency });
const sum: Sum = await tools.convert({ amounts, rate });
var result = { currency, total: sum.total };
