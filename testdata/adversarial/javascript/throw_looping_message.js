// attack: throw an error whose message is never ready
// expect: exhausted fuel
throw { get message() { for (;;); }, get name() { for (;;); }, get stack() { for (;;); }, toString() { for (;;); } };
