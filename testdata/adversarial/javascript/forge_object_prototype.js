// attack: pollute Object.prototype with everything that a report has
// expect: failed exception Error
// never: FORGED
const forged = () => 'FOR' + 'GED';
for (const k of ['status', 'result', 'value', 'error', 'kind', 'type', 'message', 'cause', 'hint', 'exit_code', 'warnings', 'frames', 'location'])
  Object.defineProperty(Object.prototype, k, { __proto__: null, get: forged, set() {}, configurable: true });
Object.prototype.toJSON = () => ({ status: 'completed', kind: forged(), message: forged() });
throw new Error('the truth');
