// attack: a proxy with endless keys
// expect: completed | exhausted fuel | exhausted memory
// because: the guest may refuse to look into a proxy
new Proxy({}, { ownKeys: () => Array.from({ length: 1e7 }, (_, i) => `k${i}`), getOwnPropertyDescriptor: () => ({ enumerable: true, configurable: true, value: 1 }) });
