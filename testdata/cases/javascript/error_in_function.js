function middle(a) {
  return a.x.y; // error: TypeError: cannot read property 'y' of undefined
}
middle({});
