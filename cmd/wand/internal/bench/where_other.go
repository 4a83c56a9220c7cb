//go:build !unix

package main

// usedResources is what this process has used so far: this system does not say.
func usedResources() resources { return resources{} }

// childResources is not told either.
func childResources() resources { return resources{} }
