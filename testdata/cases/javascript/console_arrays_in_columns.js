// stdout: [
// stdout:     0,   1,   4,   9,  16,  25,  36,
// stdout:    49,  64,  81, 100, 121, 144, 169,
// stdout:   196, 225, 256, 289, 324, 361, 400,
// stdout:   441, 484, 529, 576, 625, 676
// stdout: ]
// stdout: [
// stdout:    0,  1,  2,  3,  4,  5,  6,  7,  8,  9, 10, 11,
// stdout:   12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23,
// stdout:   24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35,
// stdout:   36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47,
// stdout:   48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59,
// stdout:   60, 61, 62, 63, 64, 65, 66, 67, 68, 69, 70, 71,
// stdout:   72, 73, 74, 75, 76, 77, 78, 79, 80, 81, 82, 83,
// stdout:   84, 85, 86, 87, 88, 89, 90, 91, 92, 93, 94, 95,
// stdout:   96, 97, 98, 99,
// stdout:   ... 1 more item
// stdout: ]
// stdout: [ 'apple', 'banana', 'cherry', 'date', 'elderberry', 'fig', 'grape' ]
// stdout: [ 1, <1 empty item>, 3, <2 empty items> ] [ <4 empty items> ]

console.log(Array.from({ length: 27 }, (_, i) => i * i));
console.log(Array.from({ length: 101 }, (_, i) => i));
console.log(['apple', 'banana', 'cherry', 'date', 'elderberry', 'fig', 'grape']);
console.log([1, , 3, , ,], new Array(4));
