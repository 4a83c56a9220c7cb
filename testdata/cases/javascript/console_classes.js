// stdout: Point { x: 1, y: 2 } [ Point3 { x: 4, y: 5, z: 3 } ] [class Point3 extends Point] [Object: null prototype] {} Point {}
// stdout: { a: [Getter/Setter], b: [Getter], c: [Setter] }

class Point { constructor(x, y) { this.x = x; this.y = y; } get r() { return 1; } }
class Point3 extends Point { #hidden = 1; z = 3; }
console.log(new Point(1, 2), [new Point3(4, 5)], Point3, Object.create(null), Object.create(Point.prototype));
console.log({ get a() { return 1; }, set a(v) {}, get b() { return 1; }, set c(v) {} });
