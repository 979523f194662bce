# Magenta Bridge. `make help` lists what can be asked for.

PYTHON ?= python3
JOBS ?= 2
LOCK_FLAGS ?=
MINUTES ?= 3
# Limit of the whole test run.
TEST_SECONDS ?= 840

VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
# pip compiles with one core; a package may hold templates and tests that are no Python of ours.
COMPILE := $(BIN)/python -m compileall -qq -j 0 $(VENV)/lib >/dev/null 2>&1 || true
TOOLS := abc2midi chromium chromedriver curl node npm jackd jack_lsp fluidsynth
TOOL_PACKAGES := abcmidi chromium chromium-driver curl
# Without what they recommend: a desktop program and a large SoundFont.
SOUND_PACKAGES := jackd2 fluidsynth
# Debian 12 has Node 18.
NEW_NODE := node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 11) ? 0 : 1)'
BASE := $(VENV)/.base-installed
DEV := $(VENV)/.dev-installed
NPM_STAMP := max_for_live/node_modules/.installed
PACKAGING := setup.py pyproject.toml
heading = @printf '\n=== %s ===\n' $(1)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup demo tools test soak lint types format protos protos-check bench devices wheel lock clean

help: ## List the targets.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' Makefile

setup: $(BASE) ## Make .venv with what serving needs (no TensorFlow).

demo: $(BASE) ## Start a server, continue a tune, write demo/clip.{mid,png,wav}.
	@$(BIN)/python demo/run.py

test: ## Install everything and run every check and test.
	@$(MAKE) --no-print-directory --jobs=2 tools $(DEV)
	$(call heading,'Lint (ruff)')
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	$(call heading,'Imports (import-linter)')
	@$(BIN)/lint-imports
	$(call heading,'Generated code (protos)')
	@$(BIN)/python protos/gen.py --check
	$(call heading,'Tests (pytest) and types (mypy) beside them')
	@types=$$(mktemp); $(BIN)/mypy >"$$types" 2>&1 & checker=$$!; \
	$(BIN)/python -m tests.run_limited $(TEST_SECONDS) $(BIN)/python -m pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder; tests=$$?; \
	wait $$checker; typed=$$?; \
	printf '\n=== Types (mypy --strict) ===\n'; cat "$$types"; rm -f "$$types"; \
	[ $$tests = 0 ] && [ $$typed = 0 ]

tools: ## Install the programs that the tests use, or say which are missing.
	@for tool in $(TOOLS); do command -v $$tool >/dev/null || missing=1; done; \
	if [ -n "$$missing" ]; then \
		if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
			export DEBIAN_FRONTEND=noninteractive; \
			apt-get update -qq && apt-get install -qq -y $(TOOL_PACKAGES) >/dev/null && \
			apt-get install -qq -y --no-install-recommends $(SOUND_PACKAGES) >/dev/null && \
			{ command -v npm >/dev/null || apt-get install -qq -y nodejs npm >/dev/null; }; \
		else \
			echo "The tests need $(TOOLS); run: apt-get install $(TOOL_PACKAGES) $(SOUND_PACKAGES) nodejs npm (macOS: brew install abcmidi jack fluidsynth node, and brew install --cask chromium chromedriver)"; \
			exit 1; \
		fi; \
	fi
	@$(NEW_NODE) || { [ "$$(id -u)" = 0 ] && npm install --global --silent node@20 && hash -r && $(NEW_NODE); } || { \
		echo "The tests need Node 20.11 or later, and this is $$(node --version); run: npm install --global node@20"; exit 1; }

soak: tools $(DEV) ## Call a server in all ways for MINUTES=3, then silence players 2,000 times.
	@$(BIN)/python -m tests.soak.run --minutes $(MINUTES)
	@MIDI_HISTORIES=10000 MIDI_KILLS=2000 $(BIN)/python -m pytest -n 0 \
		tests/midi/test_no_hung_notes.py tests/midi/test_random_kills.py

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

devices: $(NPM_STAMP) ## Build the Max for Live devices and their pictures.
	@npm --prefix max_for_live run --silent build

wheel: $(DEV) ## Build dist/*.whl and dist/*.tar.gz.
	@rm -rf build dist
	@$(BIN)/python -m build --no-isolation

lock: $(DEV) ## Resolve requirements/*.txt anew (LOCK_FLAGS=--upgrade for newer releases).
	@$(call resolve,,base.txt)
	@$(call resolve,--extra train --extra otel --extra dev --constraint requirements/base.txt,dev.txt)

clean: ## Remove build outputs and caches; keeps .venv.
	@rm -rf build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
	@rm -rf .import_linter_cache demo/clip.mid demo/clip.png demo/clip.wav
	@find . -name __pycache__ -not -path './$(VENV)/*' -prune -exec rm -rf {} +

resolve = $(BIN)/uv pip compile --quiet --universal --python-version 3.10 --no-emit-index-url \
	--custom-compile-command 'make lock' $(LOCK_FLAGS) $(1) setup.py -o requirements/$(2)

# The stamps make a second run install nothing; a changed lock installs what changed.
$(BASE): requirements/base.txt $(PACKAGING) | $(BIN)/python
	$(call heading,'Installing Magenta Bridge into $(VENV) (first time: a few minutes)')
	@$(PIP) install -qq --no-compile --requirement requirements/base.txt
	@$(COMPILE)
	@$(PIP) install -qq --no-deps --editable .
	@touch $@

$(DEV): requirements/dev.txt $(PACKAGING) | $(BIN)/python
	$(call heading,'Installing TensorFlow and the test tools into $(VENV) (first time: a few minutes)')
	@$(PIP) install -qq --no-compile --requirement requirements/dev.txt
	@$(COMPILE)
	@$(PIP) install -qq --no-deps --editable .
	@touch $(BASE) $@

$(NPM_STAMP): max_for_live/package-lock.json
	@command -v npm >/dev/null && $(NEW_NODE) || { echo "The devices need Node 20.11 or later, with npm; see nodejs.org."; exit 1; }
	$(call heading,'Installing the packages of max_for_live (first time: half a minute)')
	@npm --prefix max_for_live ci --silent --no-audit --no-fund
	@touch $@

$(BIN)/python:
	@command -v $(PYTHON) >/dev/null || { \
		echo "There is no program $(PYTHON); install Python 3.10 to 3.14, or say make PYTHON=/path/to/python3."; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 14))' || { \
		echo "Magenta Bridge needs Python 3.10 to 3.14, but $(PYTHON) is $$($(PYTHON) -V 2>&1); say make PYTHON=python3.11."; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "This Python cannot make environments; run: apt-get install python3-venv"; exit 1; }
	@$(PYTHON) -m venv $(VENV)
