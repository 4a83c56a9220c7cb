//go:build !unix

package vfs

// openFlags are added to every open of the host.
const openFlags = 0
