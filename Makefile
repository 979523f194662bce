# Magenta Bridge. `make help` lists what can be asked for.

PYTHON ?= python3
JOBS ?= 2
LOCK_FLAGS ?=

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
BASE := $(VENV)/.base-installed
DEV := $(VENV)/.dev-installed
PACKAGING := setup.py pyproject.toml
heading = @printf '\n=== %s ===\n' $(1)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup demo tools test lint types format protos protos-check bench wheel lock clean

help: ## List the targets.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' Makefile

setup: $(BASE) ## Make .venv with what serving needs (no TensorFlow).

demo: $(BASE) ## Start a server, continue a tune, write demo/clip.{mid,png,wav}.
	@$(BIN)/python demo/run.py

test: tools $(DEV) ## Install everything and run every check and test.
	$(call heading,'Lint (ruff)')
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	$(call heading,'Imports (import-linter)')
	@$(BIN)/lint-imports
	$(call heading,'Types (mypy --strict)')
	@$(BIN)/mypy
	$(call heading,'Generated code (protos)')
	@$(BIN)/python protos/gen.py --check
	$(call heading,'Tests (pytest)')
	@$(BIN)/python -m pytest -n $(JOBS) --dist loadfile

tools: ## Install the programs that the tests use, or say which are missing.
	@command -v abc2midi >/dev/null && command -v chromium >/dev/null && command -v chromedriver >/dev/null || { \
		if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
			apt-get update -qq && apt-get install -qq -y abcmidi chromium chromium-driver >/dev/null; \
		else \
			echo "The tests need abc2midi, chromium and chromedriver; run: apt-get install abcmidi chromium chromium-driver (macOS: brew install abcmidi, and brew install --cask chromium chromedriver)"; \
			exit 1; \
		fi; }

lint: $(DEV) ## Check style, formatting and who imports whom.
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports

types: $(DEV) ## Check types.
	@$(BIN)/mypy

format: $(DEV) ## Rewrite the code in the house style.
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

protos: $(DEV) ## Generate code from protos/.
	@$(BIN)/python protos/gen.py

protos-check: $(DEV) ## Fail when the generated code is stale.
	@$(BIN)/python protos/gen.py --check

bench: $(DEV) ## Measure speed, print JSON lines, write docs/benchmarks/speed.md.
	@$(BIN)/python -m benchmarks.bench

wheel: $(DEV) ## Build dist/*.whl and dist/*.tar.gz.
	@rm -rf build dist
	@$(BIN)/python -m build --no-isolation

lock: $(DEV) ## Resolve requirements/*.txt anew (LOCK_FLAGS=--upgrade for newer releases).
	@$(call resolve,,base.txt)
	@$(call resolve,--extra train --extra dev --constraint requirements/base.txt,dev.txt)

clean: ## Remove build outputs and caches; keeps .venv.
	@rm -rf build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
	@rm -rf .import_linter_cache demo/clip.mid demo/clip.png demo/clip.wav
	@find . -name __pycache__ -not -path './$(VENV)/*' -prune -exec rm -rf {} +

resolve = $(BIN)/uv pip compile --quiet --universal --python-version 3.10 --no-emit-index-url \
	--custom-compile-command 'make lock' $(LOCK_FLAGS) $(1) setup.py -o requirements/$(2)

# The stamps make a second run install nothing; a changed lock installs what changed.
$(BASE): requirements/base.txt $(PACKAGING) | $(BIN)/python
	$(call heading,'Installing Magenta Bridge into $(VENV) (first time: a few minutes)')
	@$(PIP) install -qq --requirement requirements/base.txt
	@$(PIP) install -qq --no-deps --editable .
	@touch $@

$(DEV): requirements/dev.txt $(PACKAGING) | $(BIN)/python
	$(call heading,'Installing TensorFlow and the test tools into $(VENV) (first time: a few minutes)')
	@$(PIP) install -qq --requirement requirements/dev.txt
	@$(PIP) install -qq --no-deps --editable .
	@touch $(BASE) $@

$(BIN)/python:
	@command -v $(PYTHON) >/dev/null || { \
		echo "There is no program $(PYTHON); install Python 3.10 to 3.12, or say make PYTHON=/path/to/python3."; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 12))' || { \
		echo "Magenta Bridge needs Python 3.10 to 3.12, but $(PYTHON) is $$($(PYTHON) -V 2>&1); say make PYTHON=python3.11."; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "This Python cannot make environments; run: apt-get install python3-venv"; exit 1; }
	@$(PYTHON) -m venv $(VENV)
