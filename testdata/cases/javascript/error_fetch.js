// status: denied
// kind: policy
// error: PermissionError: fetch failed: not allowed: no rule grants GET https://example.com/...

await fetch('https://example.com/');
