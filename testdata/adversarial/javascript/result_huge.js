// attack: a result far larger than any report should be
// expect: completed
// limits: fuel=4G
// expand: PAD 8000 "x"
// never: @@PAD@@
'x'.repeat(1e7);
