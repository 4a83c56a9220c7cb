// attack: throw an error whose message is never ready
// expect: failed exception | exhausted fuel
// because: a guest need not look at the getters of what is no Error
throw { get message() { for (;;); }, get name() { for (;;); }, get stack() { for (;;); }, toString() { for (;;); } };
