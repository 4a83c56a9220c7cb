// memory: 32MiB
const rows = [];
for (;;) {
  rows.push(new Array(10000).fill(rows.length));
}
