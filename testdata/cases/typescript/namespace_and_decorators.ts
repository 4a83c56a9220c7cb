// stdout: 6 called area

namespace Geometry {
  export const area = (w: number, h: number): number => w * h;
}
function log(target: any, context: any) {
  return function (this: any, ...args: any[]) {
    console.log(target.call(this, ...args), 'called', String(context.name));
  };
}
class Shape {
  @log
  area(w: number, h: number) {
    return Geometry.area(w, h);
  }
}
new Shape().area(2, 3);
