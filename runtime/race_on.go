//go:build race

package runtime

// raceDetectorOn says that this is a build with the race detector, whose shadow memory no limit of private memory leaves room for.
const raceDetectorOn = true
