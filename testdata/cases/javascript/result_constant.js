// result: "done"

const answer = 'done';
if (answer) { 1 + 1; }
