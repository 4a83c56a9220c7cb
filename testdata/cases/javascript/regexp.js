// stdout: { y: '2024', m: '02', d: '29' } 0 [ '1', '22' ] xx 42 true

const m = '2024-02-29'.match(/(?<y>\d{4})-(?<m>\d\d)-(?<d>\d\d)/);
console.log({ ...m.groups }, m.index, [...'a1b22'.matchAll(/\d+/g)].map((x) => x[0]), 'x'.replace(/x/, (s) => s + s), /(?<=\$)\d+/.exec('a$42')[0], /\p{Lu}/u.test('É'));
