const x: number = 1;
x = 2;
