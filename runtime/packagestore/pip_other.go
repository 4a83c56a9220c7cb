//go:build !linux

package packagestore

import "os/exec"

// runTied runs a command. Other systems have nothing that would end it with a process that is killed.
func runTied(cmd *exec.Cmd) error { return cmd.Run() }
