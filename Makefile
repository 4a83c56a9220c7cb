# wand: see README.md. `make help` lists the targets.

SHELL := /bin/bash
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
.PHONY: help guests toolchains build demo test test-science science-suites soak engines differ bench lint fuzz compiler cross clean

export GOFLAGS := -buildvcs=false

GO        ?= go
FUZZTIME  ?= 10s
DIFFER    ?= 2m
SOAK      ?= 5m
CACHE     := $(or $(WAND_CACHE),$(or $(XDG_CACHE_HOME),$(HOME)/.cache)/wand)
ENGINE    ?= wazero

ifeq ($(ENGINE),wasmtime)
BUILD := CGO_ENABLED=1 $(GO) build -trimpath -tags 'embed_guests wasmtime' -ldflags '-s -w'
else ifeq ($(ENGINE),wazero)
BUILD := CGO_ENABLED=0 $(GO) build -trimpath -tags embed_guests -ldflags '-s -w'
else
$(error ENGINE=$(ENGINE): make build knows wazero (the default) and wasmtime)
endif

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

guests: ## build the interpreters (CPython, QuickJS) into the user's cache; nothing to do when they are there; SCIENCE=1: with numpy and pandas in a third one
	@modules/build.sh $(if $(SCIENCE),--science)

toolchains: ## fetch what compiled languages lack on this machine into the user's cache (Rust's library for WebAssembly, AssemblyScript, wabt); nothing to do when it is there
	@modules/toolchains.sh

# wasmtime needs cgo; that is better known before the guests are built.
build: $(if $(filter wasmtime,$(ENGINE)),compiler) guests ## build bin/wand: one static binary with the guests inside; ENGINE=wasmtime: with that engine too, linked to libc, for which a C compiler is needed
	@rm -rf modules/embedded && mkdir -p modules/embedded
	@for g in python javascript $(if $(SCIENCE),science); do cp -R "$(CACHE)/guests/$$g" modules/embedded/; done
	@echo "building bin/wand" >&2
	@$(BUILD) -o bin/wand ./cmd/wand

compiler:
	@set -- $$($(GO) env CC); command -v "$$1" >/dev/null || \
	  { echo "make build ENGINE=wasmtime needs a C compiler, and $${1:-cc} is not there: install one (Debian: apt-get install gcc libc6-dev), or name yours with CC" >&2; exit 1; }

demo: build ## the main job, from nothing: build what is missing, then run the examples
	@examples/demo.sh bin/wand

test: guests toolchains ## run all tests
	$(GO) test -count=1 -timeout 45m ./...
	@$(MAKE) --no-print-directory engines

test-science: ## build the science guest and run its tests
	@modules/build.sh --science
	$(GO) test -count=1 -timeout 30m -run 'Science|SuspendWithPackages|TestScript/science$$' ./runtime ./cmd/wand

science-suites: ## run numpy's and pandas' own tests in the sandbox (half an hour; it goes on where it was stopped) and compare with modules/science/SUITES.md; WRITE=1: write that, ONLY=numpy/fft: some
	@modules/build.sh --science
	$(GO) run ./cmd/wand/internal/suites $(if $(WRITE),-write) $(if $(ONLY),-only '$(ONLY)')

# The second engine needs cgo. Its tests are those of the first, and that both agree.
engines: ## run the tests of wasmtime beside wazero, where there is a C compiler
	@if [ "$$($(GO) env CGO_ENABLED)" = 1 ] && command -v "$$($(GO) env CC)" >/dev/null; then set -x; \
	  $(GO) test -count=1 -tags wasmtime ./runtime/engine/... && $(GO) test -count=1 -tags wasmtime -timeout 30m -run 'Engines|Interpreter|Built' ./runtime && \
	  $(GO) test -count=1 -tags wasmtime -run TestScript/engine ./cmd/wand; \
	else echo "no C compiler: the tests of wasmtime are left out" >&2; fi

differ: ## compare wazero's compiler, its interpreter and wasmtime on random modules for DIFFER (2m)
	@command -v "$$($(GO) env CC)" >/dev/null || { echo "no C compiler: the engines are not compared" >&2; exit 0; }; set -x; \
	  WAND_DIFFER=$(DIFFER) CGO_ENABLED=1 $(GO) test -count=1 -tags wasmtime -v -timeout 0 -run Generated ./runtime/engine/wasmtime

soak: guests ## fork sessions ten thousand times, for SOAK (5m) at the least, under the race detector and a memory limit
	@race=-race; command -v $$($(GO) env CC) > /dev/null || { race=; echo "soak: no C compiler, so without the race detector" >&2; }; \
	  WAND_SOAK=$(SOAK) CGO_ENABLED=$${race:+1} $(GO) test -count=1 -timeout 60m $$race -run '^TestSoak$$' -v ./runtime

bench: build ## print one table of speeds and sizes, each beside its baseline
	@tags=; command -v "$$($(GO) env CC)" >/dev/null && [ "$$($(GO) env CGO_ENABLED)" = 1 ] && tags=wasmtime; $(GO) run -tags "$$tags" ./cmd/wand/internal/bench -wand bin/wand

lint: ## vet, gofmt, staticcheck, and govulncheck where its database can be reached
	@test -z "$$(gofmt -l $$(git ls-files -co --exclude-standard '*.go'))" || { gofmt -l . ; exit 1; }
	$(GO) vet ./...
	$(GO) tool staticcheck ./...
	@$(GO) tool govulncheck ./... || { [ $$? -ne 3 ] && echo "govulncheck: its database is out of reach; skipped" >&2; }

# The go command itself fails a target now and then when its time is up ("context deadline exceeded", golang/go#75804). That is told from a find by
# what it says and by the input that a find leaves in testdata/fuzz; such a target runs again.
fuzz: ## run every fuzz target for FUZZTIME (10s)
	@set -e; log=$$(mktemp); trap 'rm -f "$$log"' EXIT; \
	for p in $$($(GO) list ./...); do for f in $$($(GO) test -list '^Fuzz' $$p | grep '^Fuzz' || true); do \
	  for try in 1 2 3; do \
	    if $(GO) test -run '^$$' -fuzz "^$$f$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 5x $$p >"$$log" 2>&1; then \
	      echo "$$p $$f: $$(grep -o 'execs: [0-9]*' "$$log" | tail -n 1)"; break; fi; \
	    if [ $$try = 3 ] || grep -q 'Failing input' "$$log" || ! grep -qx ' *context deadline exceeded' "$$log"; then \
	      echo "$$p $$f"; cat "$$log"; exit 1; fi; \
	    echo "$$p $$f: the go command missed its own deadline; once more"; \
	  done; done; done

cross: ## compile for the other systems
	@set -e; for t in linux/arm64 darwin/arm64 windows/amd64; do \
	  echo "compiling for $$t"; CGO_ENABLED=0 GOOS=$${t%/*} GOARCH=$${t#*/} $(GO) build ./... ; \
	  CGO_ENABLED=0 GOOS=$${t%/*} GOARCH=$${t#*/} $(GO) vet ./... ; done

clean: ## remove what was built here (the user's cache stays)
	rm -rf bin modules/embedded
