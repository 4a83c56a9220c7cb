const assert = require('assert');

class Cart {
  constructor(owner) {
    this.owner = owner;
    this.items = [];
  }

  insert(label, price, quantity) {
    this.items.push({ label, price, quantity });
    return this.items.length;
  }

  total() {
    let amount = 0;
    for (const item of this.items) {
      amount += item.price * item.quantity;
    }
    return amount;
  }
}

function grouped(items) {
  const groups = new Map();
  for (const item of items) {
    groups.set(item.label, (groups.get(item.label) || 0) + item.quantity);
  }
  return groups;
}

const cart = new Cart('ann');
cart.insert('pen', 2, 3);
cart.insert('book', 10, 1);
const labels = [];
for (let index = 0; index < cart.items.length; index++) {
  labels.push(cart.items[index].label.toUpperCase());
}
const groups = grouped(cart.items);
const record = JSON.parse('{"owner": {"name": "ann"}, "visits": {"count": 4}}');
assert.strictEqual(cart.total(), 16);
assert.strictEqual(groups.get('pen'), 3);
assert.strictEqual(record.visits.count, 4);
assert.strictEqual(record.owner.name.length, 3);
console.log(labels.join(' '));
