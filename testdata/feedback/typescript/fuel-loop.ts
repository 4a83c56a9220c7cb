// fuel: 60M
type Counter = { value: number };

const counter: Counter = { value: 0 };
while (counter.value < 10) counter.value -= 1;
