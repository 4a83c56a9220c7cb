// stdout: aborted AbortError
// stdout: ping true 3
// stdout: AbortError 20

const c = new AbortController();
c.signal.addEventListener('abort', () => console.log('aborted', c.signal.reason.name), { once: true });
c.abort();
c.abort();
const t = new EventTarget();
t.addEventListener('ping', (e) => console.log(e.type, e instanceof CustomEvent, e.detail));
t.dispatchEvent(new CustomEvent('ping', { detail: 3 }));
try { c.signal.throwIfAborted(); } catch (e) { console.log(e.name, e.code); }
