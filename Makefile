# Paths are relative throughout, and tools are called as modules of .venv/bin/python: a checkout may then lie in a
# folder with spaces in its name, or be moved.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup demo test check bench bench-scale lock hooks clean

PYTHON := .venv/bin/python
INSTALLED := .venv/.installed
SEED ?= 1
COUNT ?= 24
# Of these, returns timed one by one, and those of them that RapidOCR reads too; BENCH takes any further option.
TIMED ?= 12
RIVALS ?= 6
BENCH ?=
# The same for bench-scale: what is measured, on how many returns, with how many stored; SCALE takes any further option.
PARTS ?= workers,store,day
SIZES ?= 10000,100000,1000000
DAY ?= 20000
SCALE ?=

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{ printf "  make %-11s %s\n", $$1, $$2 }' Makefile

setup: packages $(INSTALLED) ## Debian packages and .venv; a second run has nothing to do
demo: setup ## read the sample returns into output/demo
	@# Exit code 3 says that some file could not be read, which a sample or two are there to show.
	@$(PYTHON) -m pipeline.cli run --inbox samples/returns --output output/demo --roster samples/roster.csv || [ $$? -eq 3 ]

test: setup check ## check, then the tests
	@$(PYTHON) -m pytest --numprocesses auto --dist loadfile

check: $(INSTALLED) ## lint, format and types: what the commit hook and CI look at
	@$(PYTHON) -m ruff check
	@$(PYTHON) -m ruff format --check
	@$(PYTHON) -m mypy

bench: setup ## measure on COUNT made returns from SEED: make bench SEED=500001 COUNT=24; docs/bench.md
	@$(PYTHON) -m tests.bench.bench --seed $(SEED) --count $(COUNT) --timed $(TIMED) --rivals $(RIVALS) \
	    --json output/bench/seed-$(SEED)-count-$(COUNT).json $(BENCH)

bench-scale: setup ## measure readers, stores of many returns and a day: make bench-scale PARTS=workers,store,day; docs/scale.md
	@$(PYTHON) -m tests.bench.scale --parts $(PARTS) --sizes $(SIZES) --returns $(DAY) --json output/bench/scale.json $(SCALE)

lock: $(INSTALLED) ## newest versions into requirements.lock: hashes, and no word of where they came from
	@$(PYTHON) -m uv pip compile pyproject.toml --extra dev --extra cluster --upgrade --universal --python-version 3.11 \
	    --fork-strategy fewest --generate-hashes --no-config --no-emit-index-url --no-emit-find-links \
	    --custom-compile-command "make lock" --quiet --output-file requirements.lock

hooks: ## let git run `make check` before each commit
	@git config core.hooksPath .githooks

clean: ## remove .venv, caches and output/demo; other results stay
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist *.egg-info output/demo
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

.PHONY: packages
packages:
	@scripts/packages.sh

$(INSTALLED): requirements.lock pyproject.toml
	@scripts/venv.sh
	@touch $@
