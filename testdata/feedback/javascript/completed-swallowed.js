function parse(rows) {
  const found = [];
  for (const row of rows) {
    try {
      found.push(JSON.parse(row).value);
    } catch {}
  }
  try {
    found.push(missing);
  } catch (error) { /* never mind */ }
  return found;
}

console.log(parse(['{"value": 1}', 'nonsense']));
