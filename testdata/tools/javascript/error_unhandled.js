// hint: try something else
// stderr: Hint: try something else

function go() {
  tools.fail(); // error: ToolError: no luck
}
go();
setTimeout(() => console.log('never'), 100000);
