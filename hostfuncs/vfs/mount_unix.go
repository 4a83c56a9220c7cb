//go:build unix

package vfs

import "syscall"

// openFlags are added to every open of the host: a pipe must not block, a terminal not become ours.
const openFlags = syscall.O_NONBLOCK | syscall.O_NOCTTY
