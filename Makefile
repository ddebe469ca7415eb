# make build   compile everything; warnings and undeclared imports are errors
# make check   format, build and every test that needs no Icinga 2: the quick part of `make test`
# make test    everything: installs what is missing, then format, build and all tiers, the real master included
# make crash   the long form of the crash tests: hundreds of kills, some 20 minutes (docs/crash-tests.md)
# make demo    the main job in front of your eyes, on a private Icinga 2
# make bench   speed, as ratios against other programs in one run
# make fmt     rewrite the sources in the project's format
# make clean   remove what the build made

SHELL := /bin/bash

# An import that Package.swift does not list fails the build, whatever else happens to be built.
SWIFT_FLAGS ?= --explicit-target-dependency-import-check error
SOURCES := Package.swift Sources Tests
# Targets that start the real Icinga 2; they share two cores with it and so run one after another.
REAL := (RealMasterTests|CrashTests)

.PHONY: build check test crash demo bench fmt clean lint dependencies unit real

build: dependencies
	swift build $(SWIFT_FLAGS) --build-tests

check: lint build unit

test: test-dependencies lint build unit real

crash: test-dependencies build
	FORWARDER_CRASH=full swift test $(SWIFT_FLAGS) --skip-build --no-parallel --filter '^CrashTests\.'

demo: test-dependencies
	swift build $(SWIFT_FLAGS)
	scripts/demo

bench: bench-dependencies
	swift build $(SWIFT_FLAGS) -c release
	bench/run

fmt:
	swift format --in-place --parallel --recursive $(SOURCES)

clean:
	swift package clean

lint:
	swift format lint --strict --parallel --recursive $(SOURCES)

unit: build
	swift test $(SWIFT_FLAGS) --skip-build --skip '^$(REAL)\.'

real: build
	swift test $(SWIFT_FLAGS) --skip-build --no-parallel --filter '^$(REAL)\.'

dependencies:
	scripts/install-dependencies build

.PHONY: test-dependencies bench-dependencies
test-dependencies:
	scripts/install-dependencies build test

bench-dependencies:
	scripts/install-dependencies build test bench
