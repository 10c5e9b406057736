# Every target does its own set-up: nothing but Python 3.11+ and make is expected of the machine.
.DEFAULT_GOAL := help
SHELL := /bin/bash

VENV := .venv
BIN := $(VENV)/bin
LOCK ?= requirements-dev.lock
PYTEST_ARGS ?=

# Compiled modules halve the time that every start takes.
unexport PYTHONDONTWRITEBYTECODE

# The first interpreter on this machine that is new enough; PYTHON=... overrides the choice.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& { echo $$p; break; }; done)

# Tests wait for servers and browsers about as long as they compute.
WORKERS ?= $(shell $(PYTHON) -c 'import os; print((os.cpu_count() or 1) + 2)')

.PHONY: help
help: ## show what can be done here
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Blindmark needs Python 3.11 or newer. Install it, or name one: make PYTHON=/path/to/python3.12 …"; exit 1; }
	@echo "· making the environment $(VENV) with $(PYTHON)"
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "Python's venv module is missing. On Debian and Ubuntu: apt-get install python3-venv"; exit 1; }

$(BIN)/uv: bootstrap.lock | $(BIN)/python
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r bootstrap.lock
	@touch $@

$(VENV)/installed: $(LOCK) pyproject.toml $(BIN)/uv
	@echo "· installing the locked packages (hashes checked)"
	@$(BIN)/uv pip sync --quiet --python $(BIN)/python --require-hashes $(LOCK) bootstrap.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

.PHONY: install
install: $(VENV)/installed ## make .venv from the hashed lock files

.PHONY: lock
lock: $(BIN)/uv ## resolve the dependencies anew and write the lock files
	@$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url pyproject.toml -o requirements.lock
	@$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url -c requirements.lock pyproject.toml --group dev -o requirements-dev.lock

.PHONY: demo
demo: install ## show everything in a browser, with a demonstration LMS
	@$(BIN)/blindmark demo run

.PHONY: demo-reset
demo-reset: install ## forget the demonstration's data
	@$(BIN)/blindmark demo reset

.PHONY: demo-check
demo-check: install ## walk the whole way over HTTP and say what was verified
	@$(BIN)/blindmark demo check

.PHONY: test
test: install ## run every test that this machine can run
	@$(BIN)/pytest -n $(WORKERS) $(PYTEST_ARGS)

.PHONY: proof
proof: install ## try what takes long: crashes at every step, properties on many examples
	@BLINDMARK_TEST_THOROUGH=1 $(BIN)/pytest -n auto -m "proof or properties" $(PYTEST_ARGS)

.PHONY: pictures
pictures: install ## take pictures of every page of the journeys, wide, narrow and dark
	@BLINDMARK_TEST_PICTURES=1 $(BIN)/pytest tests/journeys $(PYTEST_ARGS)
	@echo "· they are in artifacts/screenshots"

INTEROP := .venv-interop
INTEROP_LOCK := tests/interop/openedx/requirements.lock

$(INTEROP)/installed: $(INTEROP_LOCK) $(BIN)/uv
	@test -x $(INTEROP)/bin/python || $(PYTHON) -m venv $(INTEROP)
	@$(BIN)/uv pip sync --quiet --python $(INTEROP)/bin/python --require-hashes $(INTEROP_LOCK)
	@touch $@

.PHONY: interop-env
interop-env: $(INTEROP)/installed ## make the environment of the other LMS that tests talk to

.PHONY: lint
lint: install ## lint, format check, types, import contract
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

.PHONY: format
format: install ## format the code
	@$(BIN)/ruff check --fix-only .
	@$(BIN)/ruff format .

.PHONY: clean
clean: ## remove the environment and caches (keeps the demonstration's data)
	@rm -rf $(VENV) $(INTEROP) .pytest_cache .mypy_cache .ruff_cache artifacts
