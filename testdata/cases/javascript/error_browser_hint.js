// hint: no browser

document.getElementById('x'); // error: ReferenceError: document is not defined
