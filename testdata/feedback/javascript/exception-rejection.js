async function load(name) {
  if (!name) throw new TypeError('a name is needed');
  return name;
}

load('');
