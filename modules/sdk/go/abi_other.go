//go:build !wasip1

package wand

import "errors"

var errOutside = errors.New("package wand works only in a program that was compiled for GOOS=wasip1 and runs in wand")

func input() ([]byte, error)              { return nil, errOutside }
func call(string, []byte) ([]byte, error) { return nil, errOutside }
func start(string, []byte) (int32, error) { return 0, errOutside }
func wait() (int32, []byte, error)        { return 0, nil, errOutside }
func deliver([]byte) error                { return errOutside }
