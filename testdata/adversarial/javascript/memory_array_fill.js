// attack: the largest array, filled
// expect: exhausted memory | exhausted fuel
// because: the elements are appended one by one, at some fuel each
Array(2 ** 32 - 1).fill(0);
