//go:build !race

package runtime

// raceDetectorOn says that this is a build with the race detector.
const raceDetectorOn = false
