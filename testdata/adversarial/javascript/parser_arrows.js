// attack: 200,000 arrow functions inside each other
// expect: invalid syntax | exhausted call_depth
// because: the compiler's frames are small here, so the sandbox's count of calls may come before the end of the C stack
// expand: ARROW 200000 "a=>"
x = @@ARROW@@1;
