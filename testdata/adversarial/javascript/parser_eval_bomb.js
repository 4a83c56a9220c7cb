// attack: text nested too deep, given to eval and Function
// expect: failed exception
eval('('.repeat(1e6));
