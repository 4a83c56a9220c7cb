// attack: a trace shows objects whose getters, proxies, names and conversions run code
// expect: completed
// result: "untouched"
const ran = () => { throw new Error('ran'); };
const handler = new Proxy({}, { get: ran });
const proxies = [new Proxy({}, handler), new Proxy([], handler), new Proxy(function () {}, handler), new Proxy(new Map(), handler)];
const getters = { get a() { return ran(); }, set a(v) { ran(); }, toString: ran, valueOf: ran, toJSON: ran, [Symbol.toPrimitive]: ran };
Object.defineProperty(getters, 'length', { get: ran });
class Named { static get name() { return ran(); } get message() { return ran(); } get name() { return ran(); } }
let inside = [new Named(), Object.create(getters), Object.setPrototypeOf([], proxies[0]), Object.setPrototypeOf({}, proxies[1])];
function odd() {}
Object.defineProperty(odd, 'name', { get: ran });
const revoked = Proxy.revocable({}, {});
revoked.revoke();
let holder = { revoked: revoked.proxy, odd, inside, map: new Map([[proxies[0], getters]]) };
Object.defineProperty(Array.prototype, 'join', { value: ran });
Object.defineProperty(Object.prototype, 'constructor', { get: ran, configurable: true });
try { throw inside[0]; } catch {}
try { throw proxies[0]; } catch {}
try { throw Object.setPrototypeOf(new Error('m'), proxies[0]); } catch {}
let x = holder;
x = holder = inside = 'untouched';
delete Object.prototype.constructor;
x
