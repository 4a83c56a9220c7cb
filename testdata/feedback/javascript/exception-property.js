const record = { name: 'ann', address: { city: 'Rome' } };

function city(record) {
  return record.adress.city;
}

console.log(city(record));
