// result: none

const box = {};
box.value = 5;
