# Plenum. `make help` lists the targets.
# Needs Rust, Node 20, make and a C compiler; `make test` installs the rest itself.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

CARGO ?= cargo
NPM ?= npm
ARTIFACTS ?= artifacts
# Installing Debian packages needs root.
SUDO := $(if $(filter 0,$(shell id -u)),,sudo)

.PHONY: help
help: ## List the targets
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

# ---- run ------------------------------------------------------------------------------------------

.PHONY: run
run: web ## Build page and server, serve a call on http://localhost:8080 (BIND=address:port for others to reach it)
	$(CARGO) run --release --bin plenum -- serve --dev --http-bind $(or $(BIND),127.0.0.1:8080) $(ARGS)

.PHONY: web
web: web/app/dist/index.html ## Build the page

WEB_SOURCES := $(shell find web/sdk web/app -type f \
	-not -path '*/node_modules/*' -not -path '*/dist/*' 2>/dev/null)

web/node_modules/.package-lock.json: web/package-lock.json
	# Not `npm ci`: it refuses a lock file without the optional packages of platforms that a registry does not carry.
	cd web && $(NPM) install --no-save --no-audit --no-fund
	touch $@

web/app/dist/index.html: web/node_modules/.package-lock.json $(WEB_SOURCES)
	cd web && $(NPM) run build

# ---- test -----------------------------------------------------------------------------------------

.PHONY: test
test: tools check web unit web-test e2e ## Everything: install what tests need, lint, unit, simulation, browsers

.PHONY: tools
tools: ## Install the Debian packages that the tests need (browsers, ffmpeg)
	SUDO=$(SUDO) ./scripts/install-test-tools

.PHONY: check
check: check-rust check-web ## Format, lints, docs, types; everything that needs no run

.PHONY: check-rust
check-rust: web/app/dist/index.html
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets --locked -- -D warnings
	RUSTDOCFLAGS='-D warnings' $(CARGO) doc --workspace --no-deps --locked

.PHONY: check-web
check-web: web/node_modules/.package-lock.json
	cd web && $(NPM) run check

.PHONY: unit
unit: web/app/dist/index.html ## Rust tests: unit, property, simulation, server over real sockets
	$(CARGO) test --workspace --exclude fuzz --locked
	$(CARGO) test -p fuzz --locked

.PHONY: web-test
web-test: web/node_modules/.package-lock.json ## TypeScript tests of SDK and page
	cd web && $(NPM) test

.PHONY: e2e
e2e: web ## Real browsers against the real server; screenshots in artifacts/
	$(CARGO) build --locked --bin plenum --bin plenum-loadtest
	mkdir -p $(ARTIFACTS)
	cd web && ARTIFACTS=$(abspath $(ARTIFACTS)) PLENUM=$(abspath target/debug/plenum) \
		LOADTEST=$(abspath target/debug/plenum-loadtest) $(NPM) run e2e

# ---- measure --------------------------------------------------------------------------------------

.PHONY: bench
bench: ## Benchmarks; compare ratios of one run, never runs
	$(CARGO) bench --locked -p forward -p router -p peer --bench '*' -- --color never --min-time 0.2

.PHONY: scoreboard
scoreboard: ## Pictures on bad networks: ours, rtc's GCC and an oracle; SEEDS=… writes crates/sim/scoreboard.*
	$(CARGO) run --locked -p sim --bin scoreboard -- --seeds $(or $(SEEDS),20) --out crates/sim

.PHONY: soak
soak: ## Random calls from seeds, oracles over everybody in them; SEEDS=… calls, SEED=… one again (PERSON=…: a timeline), FULL=1: with real rtc, WORKERS=3: over lossy relays, MOVES=1: between which people are moved
	$(CARGO) run --locked -p sim --bin soak -- $(if $(FULL),--full) $(if $(WORKERS),--workers $(WORKERS)) $(if $(MOVES),--moves) \
		$(if $(SEED),--seed $(SEED) $(if $(PERSON),--person $(PERSON)),--seeds $(or $(SEEDS),$(if $(FULL),50,2000)))

.PHONY: fuzz
fuzz: ## Look for input that breaks a promise, TIME=… seconds for each of the targets (TARGET=…: for one); needs a C++ compiler
	CARGO="$(CARGO)" ./scripts/fuzz $(or $(TIME),600) $(TARGET)

.PHONY: long-call
long-call: web ## Ten minutes with 12 synthetic participants and 2 browsers: memory, freezes, CPU (MINUTES=…)
	$(CARGO) build --release --locked --bin plenum --bin plenum-loadtest
	mkdir -p $(ARTIFACTS)
	cd web && ARTIFACTS=$(abspath $(ARTIFACTS)) PLENUM=$(abspath target/release/plenum) \
		LOADTEST=$(abspath target/release/plenum-loadtest) $(NPM) run long-call

.PHONY: compare
compare: web ## A call through the server and one between two browsers over the same bad links; plots in artifacts/compare/
	$(CARGO) build --release --locked --bin plenum --bin plenum-loadtest
	mkdir -p $(ARTIFACTS)
	cd web && ARTIFACTS=$(abspath $(ARTIFACTS)) PLENUM=$(abspath target/release/plenum) \
		LOADTEST=$(abspath target/release/plenum-loadtest) $(NPM) run compare

.PHONY: compare-janus
compare-janus: web ## CPU per forwarded packet beside a Janus VideoRoom, in a network namespace; needs root and apt's janus (ARGS=…)
	./loadtest/compare-janus $(ARGS)

.PHONY: load
load: web ## What a forwarded packet costs, a thousand subscribers, join storm, churn: tables, reports in artifacts/load/ (PART=…)
	OUT=$(ARTIFACTS)/load ./loadtest/prove.sh $(PART)

.PHONY: deny
deny: ## Licences, advisories and sources of dependencies (needs cargo-deny and its advisory database)
	$(CARGO) deny check

.PHONY: clean
clean: ## Remove what was built
	$(CARGO) clean
	rm -rf web/node_modules web/*/node_modules web/*/dist $(ARTIFACTS)
