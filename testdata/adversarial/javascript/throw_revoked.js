// attack: throw a revoked proxy
// expect: failed exception
const { proxy, revoke } = Proxy.revocable({}, {});
revoke();
throw proxy;
