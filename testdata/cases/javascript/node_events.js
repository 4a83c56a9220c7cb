// stdout: once [ 1, 2 ]
// stdout: on 1 true
// stdout: on 3 true
// stdout: true true false 1
// stdout: unheard

const EventEmitter = require('events');
class Bus extends EventEmitter {}
const bus = new Bus();
bus.once('x', (...a) => console.log('once', a));
bus.on('x', function (v) { console.log('on', v, this === bus); });
console.log(bus.emit('x', 1, 2), bus.emit('x', 3), bus.emit('other'), bus.listenerCount('x'));
try { bus.emit('error', new Error('unheard')); } catch (e) { console.log(e.message); }
