const assert = require('assert');

class Account {
  constructor(owner, balance) {
    this.owner = owner;
    this.balance = balance;
    this.history = [];
  }

  deposit(amount) {
    this.balance = this.balance + amount;
    this.history.push({ kind: 'deposit', amount });
    return this.balance;
  }

  withdraw(amount) {
    if (amount > this.balance) {
      throw new Error('too little');
    }
    this.balance = this.balance - amount;
    this.history.push({ kind: 'withdraw', amount });
    return this.balance;
  }
}

function interest(balance, rate, years) {
  for (let year = 0; year < years; year++) {
    balance = balance * (1 + rate);
  }
  return Number(balance.toFixed(2));
}

function monthsUntil(goal, monthly) {
  let months = 0;
  let saved = 0;
  while (saved < goal) {
    saved += monthly;
    months += 1;
  }
  return months;
}

const account = new Account('bea', 100);
account.deposit(50);
account.withdraw(30);
const kinds = [];
for (let entry = 0; entry < account.history.length; entry++) {
  kinds.push(account.history[entry].kind);
}
const found = await tools.lookup({ title: 'Money', limit: 1 });
const summary = { owner: account.owner, kinds: kinds };
assert.strictEqual(interest(100, 0.1, 2), 121);
assert.strictEqual(monthsUntil(95, 10), 10);
assert.strictEqual(summary.kinds.join(','), 'deposit,withdraw');
assert.strictEqual(found.books.length, 1);
console.log(account.balance, summary.owner.length);
