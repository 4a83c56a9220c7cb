console.log(Math.random() < 2);
