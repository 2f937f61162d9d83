# `make help` lists the targets. Each sets up what it needs and does nothing twice.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

# The pinned tools come first; PostgreSQL's programs are not on Debian's PATH.
export PATH := $(CURDIR)/.tools/bin:$(CURDIR)/.tools/py/bin:$(PATH):$(lastword $(sort $(wildcard /usr/lib/postgresql/*/bin)))

CARGO ?= cargo
# What the tests and the demo run: the command line and the services as programs.
BINARIES := --workspace --bins --locked
SHARED ?= ../shared

.PHONY: help
help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  %-12s %s\n", $$1, $$2 }'

# ---- setting up ------------------------------------------------------------------------------------------------------

.PHONY: setup setup-build setup-test setup-check
setup: ## Install what all targets need (Debian 12 or newer; root or sudo)
	@deploy/setup.sh all
setup-build:
	@deploy/setup.sh build
setup-test:
	@deploy/setup.sh test
setup-check:
	@deploy/setup.sh check

# ---- running ---------------------------------------------------------------------------------------------------------

.PHONY: build run
build: setup-build ## Build every program (target/debug)
	$(CARGO) build $(BINARIES)
run: setup-build ## Start the whole line in one process, with a demo newsroom; Ctrl-C drains and ends it
	@$(CARGO) build --locked -p naba
	@exec $${CARGO_TARGET_DIR:-target}/debug/naba up --demo

.PHONY: kafka-up kafka-down run-kafka
kafka-up: ## Start a real Kafka on 127.0.0.1:19092 (NODES=3 for three brokers)
	@deploy/setup.sh kafka
	@deploy/kafka/kafka.sh start $(or $(NODES),1)
kafka-down: ## Stop it; WIPE=1 also deletes its data
	@deploy/kafka/kafka.sh $(if $(WIPE),wipe,stop)
run-kafka: build setup-test ## Run the four services, two processes each, on that Kafka with the demo newsroom
	@exec deploy/run-kafka.sh

# ---- checking --------------------------------------------------------------------------------------------------------

.PHONY: check fmt-check lint layers contract generated deny
check: setup-check fmt-check lint layers contract generated deny ## Everything that needs no server: format, lints, layers, contract, drift, licences

fmt-check:
	$(CARGO) fmt --all --check
lint:
	$(CARGO) clippy --workspace --all-targets --locked -- -D warnings
layers:
	$(CARGO) xtask check-layers --self-test
contract:
	$(CARGO) xtask codegen --check
	$(CARGO) xtask check-contract
	$(CARGO) xtask check-topics
	$(CARGO) xtask check-mapping
generated:
	$(CARGO) xtask docs --check
deny:
	cargo-deny --locked check licenses bans sources
# ---- testing ---------------------------------------------------------------------------------------------------------

.PHONY: test eval bench
test: setup-test ## All tests, on a real Kafka, PostgreSQL and Prometheus that they start themselves
	$(CARGO) build $(BINARIES)
	$(CARGO) test --workspace --locked
eval: setup-build ## Score extraction and enrichment on ../shared/gold and ../shared/seed against the pinned floors
	$(CARGO) build --locked -p naba
	$(CARGO) xtask eval --shared $(SHARED)
.PHONY: eval-fetch
eval-fetch: setup-build ## Run the public suites on fetching and feeds, beside the peers' figures and against the floors (SUITES=folder, ARGS="--misses SUITE")
	$(CARGO) xtask eval-fetch --suites $(or $(SUITES),$(SHARED)/suites) $(ARGS)
.PHONY: sim-frontier
sim-frontier: setup-build ## Simulate a million feeds on 540,000 hosts for a day (FEEDS= HOSTS= HOURS=); the figures are in docs/capacity.md
	$(CARGO) run --release --locked -p naba-frontier --example million -- $(or $(FEEDS),1000000) $(or $(HOSTS),540000) $(or $(HOURS),24)
.PHONY: eval-enrich
eval-enrich: setup-build ## Score enrichment steps on labelled data, beside the peers' figures and against the floors (DATA=folder ARGS="--pin")
	$(CARGO) xtask eval-enrich --data $(or $(DATA),$(SHARED)/corpora/nlp) $(ARGS)
# ../shared/gold unless DATA names another folder of its form; only the default has floors.
.PHONY: eval-gold eval-extract bench-extract corpus
eval-gold: setup-build ## Score the gold documents, plain and as pages (DATA=folder)
	$(CARGO) build --locked -p naba
	$(CARGO) xtask eval $(if $(DATA),--gold $(abspath $(DATA)),--shared $(SHARED))
corpus: setup-build
	$(CARGO) build --release --locked -p naba-extract --example corpus
	@command -v zstd >/dev/null || { echo "zstd is missing: apt-get install zstd" >&2; exit 1; }
eval-extract: corpus ## Score extraction on real pages (DATA=folder OUT=file JSON=file WORST=n PEERS=1 PIN=1 or PIN=lower)
	$(if $(PEERS),@eval/setup.sh)
	python3 eval/extract.py $(if $(DATA),--data $(DATA)) $(if $(OUT),--out $(OUT)) $(if $(JSON),--json $(JSON)) \
	  $(if $(WORST),--worst $(WORST)) $(if $(PEERS),--peers) $(if $(PIN),--pin) $(if $(filter lower,$(PIN)),--lower)
bench-extract: corpus ## Measure extraction beside other extractors on one thread (DATA=folder ARGS="--pages 0")
	@eval/setup.sh
	python3 eval/bench.py $(if $(DATA),--data $(DATA)) $(ARGS)
.PHONY: fuzz
fuzz: setup-build ## Extract mutated documents until a fault (TARGET=html, plain or bytes, MINUTES=n SEED=n DATA=folder)
	$(CARGO) run --release --locked -q -p naba-extract --example fuzz -- $(or $(TARGET),html) \
	  $(or $(DATA),$(SHARED)/gold/$(if $(filter plain,$(TARGET)),plain,html)) $(or $(MINUTES),30) $(SEED)
.PHONY: faults faults-programs faults-scale faults-outage faults-selftest
# The long runs of the fault harness, outside of `make test`, which runs a short one. What they print is in docs/reliability.md.
FAULTS_BIN = $${CARGO_TARGET_DIR:-target}/debug
faults-programs: setup-test
	$(CARGO) build $(BINARIES)
faults: faults-programs ## Run the line under seeded schedules of faults (FAULTS=50 SEED=1 SEEDS=10 ARTICLES=5000 ARGS=)
	$(FAULTS_BIN)/naba-faults run --faults $(or $(FAULTS),50) --seed $(or $(SEED),1) --seeds $(or $(SEEDS),1) --articles $(or $(ARTICLES),5000) $(ARGS)
faults-scale: faults-programs ## Scale every service from one instance to four and to two under load
	$(FAULTS_BIN)/naba-faults scale $(ARGS)
faults-outage: faults-programs ## Take PostgreSQL away for MINUTES=10 while the farm publishes
	$(FAULTS_BIN)/naba-faults outage --minutes $(or $(MINUTES),10) $(ARGS)
SABOTAGED := naba-fetcher naba-parser naba-enricher naba-sink
faults-selftest: faults-programs ## Build runtimes that are broken on purpose, and let the accountant convict each
	mkdir -p $(FAULTS_BIN)/sabotaged
	$(CARGO) build --locked --bins $(SABOTAGED:%=-p %) $(SABOTAGED:%=--features %/sabotage)
	cp $(SABOTAGED:%=$(FAULTS_BIN)/%) $(FAULTS_BIN)/naba $(FAULTS_BIN)/sabotaged/
	$(CARGO) build $(BINARIES)
	$(FAULTS_BIN)/naba-faults selftest --programs $(FAULTS_BIN)/sabotaged $(ARGS)
bench: setup-build ## Measure throughput beside what a bare client reaches on this machine (ARGS="--articles 1000")
	@deploy/setup.sh kafka
	deploy/bench.sh $(ARGS)

# ---- deploying -------------------------------------------------------------------------------------------------------

.PHONY: test-deploy deploy-setup chart deploy-check dashboards rights image
test-deploy: deploy-setup chart deploy-check dashboards rights image ## Chart, compose file, alerts; dashboards and rights on a line at work; image built and run
deploy-setup: setup-check
	@deploy/setup.sh kafka
	@deploy/setup.sh images
	$(CARGO) build $(BINARIES)
# What the chart renders and what the compose file sets is put before the program itself.
chart deploy-check dashboards: export NABA := $(or $(CARGO_TARGET_DIR),$(CURDIR)/target)/debug/naba
chart:
	helm/test.sh
deploy-check:
	deploy/test.sh
dashboards:
	python3 deploy/test_dashboards.py
rights: export BIN := $(or $(CARGO_TARGET_DIR),$(CURDIR)/target)/debug
rights:
	python3 deploy/test_rights.py
image:
	deploy/docker/test.sh

# ---- housekeeping ----------------------------------------------------------------------------------------------------

.PHONY: fmt docs clean
fmt: ## Format the code
	$(CARGO) fmt --all
docs: setup-build ## Write the generated code and the generated files of docs/
	$(CARGO) xtask codegen
	$(CARGO) xtask docs
clean: ## Delete build output and the local Kafka's data
	@if [ -e deploy/kafka/run/nodes ]; then deploy/kafka/kafka.sh wipe; fi
	$(CARGO) clean
