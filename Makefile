# Each target sets up what it needs in .venv, from a bare Python >= 3.11 and make.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
  command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV ?= .venv
BIN = $(VENV)/bin
WORKERS ?= 2
LOCK = uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --upgrade

.PHONY: help setup demo run test check fmt bench docs lock clean
.DEFAULT_GOAL := help

help: ## what can be made
	@grep -hE '^[a-z]+:.*## ' Makefile | sed -E 's/:.*## /\t/' | expand -t 10

$(VENV)/.run: requirements.lock requirements-build.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "newsmon needs Python 3.11 or newer; none was found (set PYTHON=...)" >&2; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-build.lock -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.run requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

setup: $(VENV)/.dev ## create .venv with newsmon, hash-checked, and the tools of development

demo: $(VENV)/.dev ## play one news day, offline, in under a minute
	$(BIN)/newsmon demo

run: $(VENV)/.run ## run the daemon with the configuration in config/ (its data in .state/)
	test -d .state || $(BIN)/newsmon --config .state init
	$(BIN)/newsmon --config .state run

test: $(VENV)/.dev ## every test
	$(BIN)/python -m pytest -n $(WORKERS) $(ARGS)

check: $(VENV)/.dev ## lint, format, types, layers, drift of generated files
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python -m monitor.config.schemas --check

fmt: $(VENV)/.dev ## format, and mend what can be mended
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format --quiet .

docs: $(VENV)/.dev ## regenerate what is generated: the JSON Schemas of the configuration
	$(BIN)/python -m monitor.config.schemas

bench: $(VENV)/.dev ## the quick benchmarks, side by side with their rivals (docs/benchmarks.md has the long ones)
	$(BIN)/python -m benchmarks.match
	$(BIN)/python -m benchmarks.index
	$(BIN)/python -m benchmarks.poll --feeds 200

lock: ## write the locks anew (needs uv)
	$(LOCK) pyproject.toml -o requirements.lock
	$(LOCK) --group dev pyproject.toml -o requirements-dev.lock
	$(LOCK) --group build -o requirements-build.lock

clean: ## remove .venv and caches
	rm -rf $(VENV) .bench .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
