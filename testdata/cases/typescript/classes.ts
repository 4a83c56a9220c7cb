// stdout: Dog { name: 'Rex', tricks: [ 'sit' ] } Rex says woof

abstract class Animal {
  constructor(public readonly name: string) {}
  abstract sound(): string;
  say(): string {
    return `${this.name} says ${this.sound()}`;
  }
}
class Dog extends Animal {
  private tricks: string[] = [];
  sound() {
    return 'woof';
  }
  teach(t: string): this {
    this.tricks.push(t);
    return this;
  }
}
const d = new Dog('Rex').teach('sit');
console.log(d, d.say());
