const { amounts, currency } = INPUT;
console.log("converting", amounts.length, "amounts");
const rate = await tools.rate({ currency });
const sum = await tools.convert({ amounts, rate });
var result = { currency, total: sum.total };
