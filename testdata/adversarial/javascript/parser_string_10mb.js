// attack: a string literal of ten megabytes: harmless, and it must be
// expect: completed
// limits: fuel=4G
// result: 10000000
// expand: LONG 10000000 "a"
'@@LONG@@'.length;
