// error: Error: xxxxxxxx...
// stderr: characters left out

throw new Error('x'.repeat(1e6));
