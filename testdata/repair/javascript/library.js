const assert = require('assert');
const path = require('path');

class Loan {
  constructor(title, days) {
    this.title = title;
    this.days = days;
  }

  fine() {
    const late = Math.max(0, this.days - 14);
    return late * 0.5;
  }
}

function overdue(loans, limit) {
  return loans.filter((loan) => loan.days > limit).map((loan) => loan.title);
}

async function shelf(titles) {
  const rows = {};
  for (const title of titles) {
    const answer = await tools.lookup({ title: title, limit: 2 });
    rows[title] = answer.books.length;
  }
  return rows;
}

const loans = [new Loan('Dune', 20), new Loan('Emma', 3), new Loan('Ulysses', 40)];
const names = overdue(loans, 14);
const initials = [];
for (let place = 0; place < names.length; place++) {
  initials.push(names[place].charAt(0));
}
const queue = loans.slice();
let served = 0;
while (queue.length > 0) {
  queue.pop();
  served += 1;
}
const rows = await shelf(['Dune', 'Emma']);
const fines = loans.reduce((sum, loan) => sum + loan.fine(), 0);
assert.strictEqual(names.join(','), 'Dune,Ulysses');
assert.strictEqual(served, 3);
assert.strictEqual(fines, 16);
assert.strictEqual(rows.Dune, 2);
console.log(path.basename('/data/books.csv'), initials.join(''));
