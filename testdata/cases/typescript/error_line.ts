interface User {
  name: string;
  address?: { city: string };
}

function city(u: User): string {
  return u.address!.city; // error: TypeError: cannot read property 'city' of undefined
}

const users: User[] = [{ name: 'a' }];
console.log(users.map(city));
