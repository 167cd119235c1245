# Every target does its own set-up: a Debian machine with python3 and make is enough. `make help` lists them.

PYTHON ?= python3
# Where the environment lies; another place leaves the repository untouched: make test VENV=/tmp/xconnector
VENV ?= .venv
# Test processes at once.
JOBS ?= 2

# What a target hands on: make demo DEMO=/tmp/acme, make test TESTS=tests/domain, make lock LOCK=--upgrade
DEMO ?=
# Who composes in the demonstration: embedded or exstream, as the sandbox plays it.
COMPOSER ?= embedded
SERVE ?=
BENCH ?=
LOCK ?=
TESTS ?= tests
FUZZED := tests/connectors/test_fuzzed_files.py tests/operations/test_mapped_files.py

BIN := $(VENV)/bin
RUNS := $(VENV)/.runs
CHECKS := $(VENV)/.checks
WRITES := $(VENV)/.writes

export PIP_DISABLE_PIP_VERSION_CHECK = 1
INSTALL = $(BIN)/python -m pip install --quiet --quiet --require-hashes
# The package itself, in place: --no-deps because the locks brought everything, no isolation because `build.txt` did too.
INSTALL_SELF = $(BIN)/python -m pip install --quiet --quiet --no-deps --no-build-isolation --editable .

.DEFAULT_GOAL := help
.PHONY: help demo serve test fuzz quick check docs bench lock news clean format lint house types unit

help: ## list what can be made
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))
	@echo
	@echo "  VENV=DIR     where the environment lies (.venv)     DEMO=, SERVE=, BENCH=   arguments of these commands"
	@echo "  PYTHON=FILE  which Python 3.11 to 3.13 (python3)    TESTS=PATHS             which tests"
	@echo "  JOBS=N       test processes at once (2)             LOCK=--upgrade          newest of everything"
	@echo "  COMPOSER=exstream   who composes in demo and serve (embedded)"

demo: $(RUNS) ## from source event to archived proof, on this machine, in under three minutes
	$(BIN)/xconnector demo --composer $(COMPOSER) $(DEMO)

serve: $(RUNS) ## the demonstration, kept up until ctrl-c
	$(BIN)/xconnector demo --composer $(COMPOSER) --keep $(SERVE)

test: $(CHECKS) ## every test; as root on Debian with the real peers of the outside
	@scripts/peers
	$(BIN)/python -m pytest -n $(JOBS) --dist worksteal $(TESTS)

fuzz: $(CHECKS) ## ten thousand hostile inputs for every parser; `test` takes a tenth of them
	XCONNECTOR_FUZZ=all $(BIN)/python -m pytest -n $(JOBS) --dist worksteal $(FUZZED)

quick: format lint house types unit ## format, lint, house, types, unit tests: under a minute

check: format lint house types docs ## exactly what CI runs: everything in `quick`, docs, and all tests
	@$(MAKE) --no-print-directory test

docs: $(WRITES) ## the documentation, into docs/_build/html
	$(BIN)/python -m sphinx --builder html --fail-on-warning --keep-going --quiet docs docs/_build/html
	@echo "docs/_build/html/index.html"

bench: $(RUNS) ## speed and memory, printed as ratios
	$(BIN)/xconnector bench $(BENCH)

lock: $(CHECKS) ## bring requirements/ in line with pyproject.toml
	$(BIN)/python scripts/lock $(LOCK)

news: $(CHECKS) ## what the fragments in news/ will say
	$(BIN)/towncrier build --draft

clean: ## remove what was made, the environment too
	rm -rf $(VENV) build dist docs/_build .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find src tests -name __pycache__ -type d -prune -exec rm -rf {} +

# --------------------------------------------------------------------------- parts of quick and check

format: $(CHECKS)
	$(BIN)/ruff format --check --quiet . || { echo "format: run $(BIN)/ruff format ."; exit 1; }

lint: $(CHECKS)
	$(BIN)/ruff check --quiet .

house: $(CHECKS)
	$(BIN)/lint-imports --no-logo --no-cache

types: $(CHECKS)
	$(BIN)/basedpyright --pythonpath $(BIN)/python

# What decides and reads, without database or programs.
UNIT ?= tests/domain tests/project tests/house
unit: $(CHECKS)
	$(BIN)/python -m pytest -n $(JOBS) -m "not slow" $(UNIT)

# --------------------------------------------------------------------------- the environment, in three layers

$(BIN)/python:
	@scripts/environment $(PYTHON) $(VENV)

$(RUNS): pyproject.toml requirements/build.txt requirements/run.txt | $(BIN)/python
	@echo "installing what xConnector runs on into $(VENV)"
	@$(INSTALL) -r requirements/build.txt
	@$(INSTALL) -r requirements/run.txt
	@$(INSTALL_SELF)
	@touch $@

$(CHECKS): requirements/dev.txt $(RUNS)
	@echo "installing what the checks need into $(VENV)"
	@$(INSTALL) -r requirements/dev.txt
	@touch $@

$(WRITES): requirements/docs.txt $(CHECKS)
	@echo "installing what the documentation needs into $(VENV)"
	@$(INSTALL) -r requirements/docs.txt
	@touch $@
