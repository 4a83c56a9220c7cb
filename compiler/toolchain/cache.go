package toolchain

import "wand/compiler"

func (s *Set) kept(string) (compiler.Build, bool) { return compiler.Build{}, false }

func (s *Set) keep(string, compiler.Build) {}
