// attack: 200,000 arrow functions inside each other
// expect: invalid syntax
// expand: ARROW 200000 "a=>"
x = @@ARROW@@1;
