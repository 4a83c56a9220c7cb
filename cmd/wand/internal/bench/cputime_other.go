//go:build !linux

package main

import "time"

var began = time.Now()

// threadTime is the time since the program began, where threads have no clock of their own that is at hand.
func threadTime() time.Duration { return time.Since(began) }
