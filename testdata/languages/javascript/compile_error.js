const { amounts } = INPUT;
console.log("converting", amounts.length "amounts"); // ERROR
