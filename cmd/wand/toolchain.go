package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/urfave/cli/v2"

	"wand/compiler"
	"wand/compiler/toolchain"
	"wand/compiler/toolchain/jail"
	"wand/modules"
)

// toolchainFlag comes with every command that compiles programs.
func toolchainFlag() cli.Flag {
	return &cli.BoolFlag{Name: "trust-toolchain", DisableDefaultText: true,
		Usage: "compile Go, C, C++, Rust, AssemblyScript and WAT with your own rights instead of in a jail: only for source that you trust, where the kernel has no jail"}
}

// toolchains are the compilers of a command line.
func toolchains(c *cli.Context, progress *progress) *toolchain.Set {
	options := toolchain.Options{Trust: c.Bool("trust-toolchain")}
	if dir, err := modules.CacheDir(); err == nil {
		options.Cache = dir
	}
	if progress != nil {
		options.Progress = progress.begin
	}
	return toolchain.New(options)
}

// toolchainFindings say of each compiled language which compiler is used, or the very line with which a run of such a program fails.
func toolchainFindings(ctx context.Context, set *toolchain.Set) []finding {
	const area = "compilers"
	var list []finding
	for _, language := range toolchain.Languages() {
		f := finding{Area: area, Name: language.Title(), Status: ok}
		name, path, err := set.Find(ctx, language)
		var absent *compiler.MissingToolchainError
		switch {
		case errors.As(err, &absent):
			f.Status, f.Detail = info, absent.Error()
		case err != nil:
			f.Status, f.Detail = degraded, err.Error()
		default:
			f.Detail = fmt.Sprintf("%s, %s", name, path)
		}
		list = append(list, f)
	}
	f := finding{Area: area, Name: "jail", Status: ok, Detail: "compilers of untrusted source are confined by the kernel"}
	if err := jail.Supported(); err != nil {
		f.Status, f.Detail = degraded, err.Error()
	}
	list = append(list, f)
	f = finding{Area: area, Name: "modules", Status: ok, Detail: "the process that compiles an untrusted module to native code is confined by the kernel"}
	if jail.Supported() != nil {
		f.Status, f.Detail = info, "the process that compiles an untrusted module to native code has limits of time and memory, and this user's rights: the kernel has no jail"
	}
	return append(list, f)
}
