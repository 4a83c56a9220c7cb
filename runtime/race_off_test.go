//go:build !race

package runtime_test

// raceDetector says whether this is a build with the race detector.
const raceDetector = false
