const amounts: number[] = INPUT.amounts;
console.log("converting", amounts.length "amounts"); // ERROR
