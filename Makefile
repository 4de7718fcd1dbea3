# What people and CI run. `make help` lists it. Missing Debian packages are installed on the way, and nothing else is.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help demo test check bench fmt clean packages

# Options for the demonstration: make demo DEMO_FLAGS="--no-live --events 2000"
DEMO_FLAGS ?=
# Options for the collector's bench, such as BENCH_FLAGS="--seconds 30 --connections 8"
BENCH_FLAGS ?=
CARGO ?= cargo
# SQLite, zstd and the TLS of the client compile C; the demo's hints use curl.
PACKAGES := gcc libc6-dev pkg-config curl
# Tests start servers of their own from the binaries of these, and nothing needs their services.
SERVERS := postgresql mariadb-server redis-server nats-server
test bench: PACKAGES += $(SERVERS) python3-venv
# What reads the lake's tables and the messages of events beside Daybook.
PYTHON := target/python
# While they are installed, these keep Debian from starting services and making a cluster that nobody asked for.
POLICY := /usr/sbin/policy-rc.d
NO_CLUSTER := /etc/postgresql-common/createcluster.d/daybook.conf
# Services that came with them are not started with the machine either.
UNITS := /lib/systemd/system

help: ## Say what there is to make
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 18

demo: packages ## Build Daybook, serve it, and feed it a month of made-up events and live traffic
	$(CARGO) build --release --locked -p daybook-cli
	"$$($(CARGO) metadata --format-version 1 --no-deps | sed -E 's/.*"target_directory":"([^"]*)".*/\1/')/release/daybook" demo $(DEMO_FLAGS)

test: packages $(PYTHON)/made ## Run all tests
	if $(CARGO) nextest --version >/dev/null 2>&1; then \
	  $(CARGO) nextest run --workspace --locked --no-fail-fast; \
	else \
	  $(CARGO) test --workspace --locked --no-fail-fast --lib --bins --tests; \
	fi
	$(CARGO) test --workspace --locked --doc

check: packages ## Format, lints, documentation and the catalogs that ship: what must hold before a commit
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets --locked -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --workspace --no-deps --document-private-items --locked
	$(CARGO) run --locked -q -p daybook-cli -- check catalogs/*

bench: packages $(PYTHON)/made ## Measure admission, log, vault, consumers and their handlers, the whole collector, conditional appends beside UmaDB, and erasures
	$(CARGO) bench --locked --workspace --bench '*'
	benches/collector.sh $(BENCH_FLAGS)
	benches/consumers.sh
	benches/lake.sh
	benches/dcb.sh
	benches/erasure.sh

# Debian's Python, with packages from PyPI.
$(PYTHON)/made: benches/requirements.txt | packages
	/usr/bin/python3 -m venv --clear $(PYTHON)
	$(PYTHON)/bin/pip install --quiet --requirement $<
	touch $@

fmt: ## Format the sources
	$(CARGO) fmt --all

clean: ## Delete what was built
	$(CARGO) clean

# Only asks dpkg when nothing is missing, so it costs nothing and needs no network then.
packages:
	@command -v dpkg-query >/dev/null || exit 0; \
	missing=(); \
	for package in $(PACKAGES); do \
	  dpkg-query -W -f '$${Status}' "$$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$$package"); \
	done; \
	(( $${#missing[@]} )) || exit 0; \
	echo "installing $${missing[*]}" >&2; \
	as_root=(); \
	if (( EUID )); then as_root=(sudo); fi; \
	"$${as_root[@]}" apt-get update -q; \
	if [[ " $(SERVERS) " =~ \ ($$(IFS='|'; echo "$${missing[*]}"))\  ]]; then \
	  written=($(NO_CLUSTER)); \
	  [[ -e $(POLICY) ]] || written+=($(POLICY)); \
	  trap '"$${as_root[@]}" rm -f "$${written[@]}"' EXIT; \
	  "$${as_root[@]}" mkdir -p $(dir $(NO_CLUSTER)); \
	  "$${as_root[@]}" tee $(NO_CLUSTER) <<<'create_main_cluster = false' >/dev/null; \
	  if (( $${#written[@]} > 1 )); then \
	    "$${as_root[@]}" tee $(POLICY) <<<$$'#!/bin/sh\nexit 101' >/dev/null; \
	    "$${as_root[@]}" chmod +x $(POLICY); \
	  fi; \
	fi; \
	services=(); \
	for service in mariadb redis-server nats-server; do \
	  [[ -e $(UNITS)/$$service.service ]] || services+=("$$service"); \
	done; \
	DEBIAN_FRONTEND=noninteractive "$${as_root[@]}" apt-get install -qy --no-install-recommends "$${missing[@]}"; \
	for service in "$${services[@]}"; do \
	  [[ ! -e $(UNITS)/$$service.service ]] || "$${as_root[@]}" systemctl disable --quiet "$$service"; \
	done
