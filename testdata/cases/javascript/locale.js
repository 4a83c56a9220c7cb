// stdout: 1,234,567.891 26% $1,234.50
// stdout: 1.005 12.00 123,456,789 -9,876.5
// stdout: 2/29/2024 | Thursday, February 29, 2024
// stdout: [
// stdout:   '10', '9', 'a',
// stdout:   'A',  'ä', 'b',
// stdout:   'C',  'z'
// stdout: ] -1

console.log((1234567.891).toLocaleString(), (0.256).toLocaleString('en-US', { style: 'percent' }), (1234.5).toLocaleString('en-US', { style: 'currency', currency: 'USD' }));
console.log((1.005).toLocaleString(), (12).toLocaleString('en-US', { minimumFractionDigits: 2 }), 123456789n.toLocaleString(), new Intl.NumberFormat('en-US').format(-9876.5));
const d = new Date(Date.UTC(2024, 1, 29, 15, 4, 5));
console.log(d.toLocaleDateString('en-US', { timeZone: 'UTC' }), '|', d.toLocaleDateString('en-US', { timeZone: 'UTC', weekday: 'long', year: 'numeric', month: 'long', day: 'numeric' }));
console.log(['b', 'a', 'C', 'A', 'ä', 'z', '10', '9'].sort((x, y) => x.localeCompare(y)), 'a'.localeCompare('B'));
