// status: denied
// kind: policy
// tools: none
// hint: network

await fetch('http://example.com/'); // error: PermissionError: fetch failed: not allowed: no rule grants GET http://example.com/...
