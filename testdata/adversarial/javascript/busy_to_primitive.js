// attack: a conversion that never returns, reached from a template
// expect: exhausted fuel
const o = { [Symbol.toPrimitive]() { for (;;); } };
`${o}`;
