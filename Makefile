# make build   compile everything; warnings and undeclared imports are errors
# make check   format, build and every test that needs no Icinga 2: the quick part of `make test`
# make test    everything: installs what is missing, then format, build and all tiers, the real master included
# make faults  the spool on failing disks: every operation of long lives, more seeds (FORWARDER_SEEDS=N)
# make model   the spool beside its model: more random actions (FORWARDER_SEEDS=N)
# make crash   the long form of the crash tests: hundreds of kills, some 20 minutes (docs/crash-tests.md)
# make hostile a master that floods, stalls, lies and smuggles: every case (docs/hostile-master.md)
# make sandbox the network process in foreign hands: what an attacker inside tries, and what is refused
# make compat  the delivery laws against Icinga 2.13, 2.14 and 2.16, the latter unpacked beside the system
# make oracle  definitions and their language against the real Icinga 2: SEED=n makes the inputs
# make fuzz    random texts for lexer, parser and evaluator, for ten minutes (FORWARDER_FUZZ_SEED=n)
# make demo    the main job in front of your eyes, on a private Icinga 2
# make bench   speed, as ratios against other programs in one run
# make fmt     rewrite the sources in the project's format
# make clean   remove what the build made

SHELL := /bin/bash

# An import that Package.swift does not list fails the build, whatever else happens to be built.
SWIFT_FLAGS ?= --explicit-target-dependency-import-check error
SOURCES := Package.swift Sources Tests
# Targets that start the real Icinga 2 or the real daemon for long; they share two cores with it, so
# few of them run at a time.
REAL := (RealMasterTests|CrashTests|HostileTests)

.PHONY: build check test demo bench fmt clean lint dependencies unit real faults model crash compat \
	sandbox hostile oracle fuzz

build: dependencies
	swift build $(SWIFT_FLAGS) --build-tests

check: lint build unit

test: test-dependencies lint build
	SWIFT_FLAGS="$(SWIFT_FLAGS)" scripts/test-lanes real demo unit

crash: test-dependencies build
	FORWARDER_CRASH=full swift test $(SWIFT_FLAGS) --skip-build --no-parallel --filter '^CrashTests\.'

demo: test-dependencies
	swift build $(SWIFT_FLAGS)
	scripts/demo

bench: bench-dependencies
	FORWARDER_BENCH=1 swift build $(SWIFT_FLAGS) -c release
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
	SWIFT_FLAGS="$(SWIFT_FLAGS)" scripts/test-lanes real

compat: test-dependencies build
	SWIFT_FLAGS="$(SWIFT_FLAGS)" scripts/compat

oracle: test-dependencies build
	SWIFT_FLAGS="$(SWIFT_FLAGS)" FORWARDER_ORACLE_SEED=$${SEED:-1} scripts/oracle

# Alone in its process, whose memory it measures.
fuzz: build
	FORWARDER_FUZZ=full swift test $(SWIFT_FLAGS) --skip-build --no-parallel \
		--filter '^ConfigLanguageTests\.FuzzTests'

# Prints each attempt; `make test` runs the same suites.
sandbox: test-dependencies build
	swift test $(SWIFT_FLAGS) --skip-build --no-parallel --filter '^ForwarderTests\.SandboxTests'

# Prints what each case took.
hostile: test-dependencies build
	FORWARDER_HOSTILE=full swift test $(SWIFT_FLAGS) --skip-build --no-parallel --filter '^HostileTests\.'

faults: build
	FORWARDER_SEEDS=$${FORWARDER_SEEDS:-10} swift test $(SWIFT_FLAGS) --skip-build \
		--filter '^SpoolTests\.(FaultTests|DamageTests)'

model: build
	FORWARDER_SEEDS=$${FORWARDER_SEEDS:-30} swift test $(SWIFT_FLAGS) --skip-build \
		--filter '^SpoolTests\.ModelTests'

dependencies:
	scripts/install-dependencies build

.PHONY: test-dependencies bench-dependencies
test-dependencies:
	scripts/install-dependencies build test
	scripts/unpack-nrpe
	scripts/unpack-nsca

bench-dependencies:
	scripts/install-dependencies build test bench
