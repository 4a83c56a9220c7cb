// tools: none
// hint: network

await fetch('http://example.com/'); // error: TypeError: fetch failed: there is no network in this sandbox...
