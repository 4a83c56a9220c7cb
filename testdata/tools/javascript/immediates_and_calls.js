// stdout: done

let done = false;
(function again() {
  if (!done) setImmediate(again);
})();
tools.slow({ n: 1 }).then(() => {
  done = true;
  console.log('done');
});
