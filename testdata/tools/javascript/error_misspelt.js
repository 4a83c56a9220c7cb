// hint: search

await tools.serach('x'); // error: PermissionError
