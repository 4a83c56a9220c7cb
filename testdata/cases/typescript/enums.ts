// stdout: 2 Blue north { '0': 'Red', '1': 'Green', '2': 'Blue', Red: 0, Green: 1, Blue: 2 }

enum Color { Red, Green, Blue }
enum Direction { North = 'north', South = 'south' }
console.log(Color.Blue, Color[2], Direction.North, Color);
