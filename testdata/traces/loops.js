let total = 0;
for (let i = 0; i < 3; i++) {
  if (i % 2) continue;
  total += i;
}
while (total > 0) {
  total -= 2;
}
do total++; while (total < 2);
const names = [];
for (const k of ['a', 'b']) {
  names.push(k);
}
for (const k in { x: 1 }) {
  names.push(k);
}
switch (total) {
  case 2:
    total = 7;
    break;
  default:
    total = 8;
}
total
