// attack: code that a program makes at run time calls itself by the program's own file name
// expect: completed
// result: 10
const make = new Function('n', '//# sourceURL=main.js\nlet s = 0;\nfor (let i = 0; i < n; i++) s += i;\nreturn s;');
const direct = eval('(() => { //# sourceURL=main.js\nlet q = 1;\nreturn q; })');
const indirect = (0, eval)('(function f(n) { return n < 1 ? 0 : f(n - 1); })');
direct() + indirect(5) + make(4) + 3
