// attack: a replacement that makes each of a million characters ten thousand
// expect: exhausted memory
// limits: fuel=4G memory=48MiB
'a'.repeat(1e6).replace(/a/g, 'b'.repeat(1e4));
