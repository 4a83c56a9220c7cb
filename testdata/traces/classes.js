class Account {
  static rate = 2;
  #secret = 1;
  constructor(balance) {
    this.balance = balance;
  }
  get doubled() {
    return this.balance * Account.rate;
  }
  toString() {
    throw new Error('the trace ran my code');
  }
}
class Savings extends Account {
  constructor() {
    super(5);
  }
}
const a = new Savings();
const b = a.doubled;
const o = { get x() { throw new Error('the trace ran my code'); }, y: [1, { z: 'q' }] };
const proxied = new Proxy(o, { get() { throw new Error('the trace ran my code'); } });
