# Magenta Bridge. `make help` lists the targets.

PYTHON ?= python3
# One more than the cores that CI has: many tests wait for other processes.
JOBS ?= 3
LOCK_FLAGS ?=
MINUTES ?= 3
# Limit of the whole test run, which takes about ten minutes on two idle cores.
TEST_SECONDS ?= 1800

VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
# pip compiles on one core only. Templates and tests in packages may fail to compile.
COMPILE := $(BIN)/python -m compileall -qq -j 0 $(VENV)/lib >/dev/null 2>&1 || true
TOOLS := abc2midi chromium chromedriver curl node npm jackd jack_lsp fluidsynth
TOOL_PACKAGES := abcmidi chromium chromium-driver curl
# Without recommended packages: a desktop program and a large SoundFont.
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
.PHONY: help setup demo tools test soak lint types format protos protos-check bench devices wheel lock licenses clean

help: ## List the targets.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' Makefile

setup: $(BASE) ## Create .venv with the packages for serving (no TensorFlow).

demo: $(BASE) ## Start a server, continue a melody, and write demo/clip.{mid,png,wav}.
	@$(BIN)/python demo/run.py

test: ## Install everything and run all checks and tests.
	@$(MAKE) --no-print-directory --jobs=2 tools $(DEV)
	$(call heading,'Lint (ruff)')
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	$(call heading,'Imports (import-linter)')
	@$(BIN)/lint-imports
	$(call heading,'Generated code (protos)')
	@$(BIN)/python protos/gen.py --check
	$(call heading,'Tests (pytest) and types (mypy)')
	@types=$$(mktemp); $(BIN)/mypy >"$$types" 2>&1 & checker=$$!; \
	$(BIN)/python -m tests.run_limited $(TEST_SECONDS) $(BIN)/python -m pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder; tests=$$?; \
	wait $$checker; typed=$$?; \
	printf '\n=== Types (mypy --strict) ===\n'; cat "$$types"; rm -f "$$types"; \
	[ $$tests = 0 ] && [ $$typed = 0 ]

tools: ## Install the programs that the tests require, or list them.
	@for tool in $(TOOLS); do command -v $$tool >/dev/null || missing=1; done; \
	if [ -n "$$missing" ]; then \
		if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
			export DEBIAN_FRONTEND=noninteractive; \
			apt-get update -qq && apt-get install -qq -y $(TOOL_PACKAGES) >/dev/null && \
			apt-get install -qq -y --no-install-recommends $(SOUND_PACKAGES) >/dev/null && \
			{ command -v npm >/dev/null || apt-get install -qq -y nodejs npm >/dev/null; }; \
		else \
			echo "The tests require $(TOOLS); run: apt-get install $(TOOL_PACKAGES) $(SOUND_PACKAGES) nodejs npm (macOS: brew install abcmidi jack fluidsynth node, and brew install --cask chromium chromedriver)"; \
			exit 1; \
		fi; \
	fi
	@$(NEW_NODE) || { [ "$$(id -u)" = 0 ] && npm install --global --silent node@20 && hash -r && $(NEW_NODE); } || { \
		echo "The tests require Node 20.11 or later, but this is $$(node --version); run: npm install --global node@20"; exit 1; }

soak: tools $(DEV) ## Call a server in all ways for MINUTES=3, try random input, kill players.
	@$(BIN)/python -m tests.soak.run --minutes $(MINUTES)
	@FUZZ=20000 $(BIN)/python -m pytest -n 2 tests/fuzz \
		tests/formats/midi/test_malformed.py tests/formats/test_musicxml.py
	@MIDI_HISTORIES=10000 MIDI_KILLS=2000 $(BIN)/python -m pytest -n 0 \
		tests/midi/test_no_hung_notes.py tests/midi/test_random_kills.py

lint: $(DEV) ## Check style, formatting and import rules.
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports

types: $(DEV) ## Check types.
	@$(BIN)/mypy

format: $(DEV) ## Fix style and formatting.
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

protos: $(DEV) ## Generate code from protos/.
	@$(BIN)/python protos/gen.py

protos-check: $(DEV) ## Fail if the generated code is stale.
	@$(BIN)/python protos/gen.py --check

bench: $(DEV) ## Run the benchmarks and write docs/benchmarks/speed.md.
	@$(BIN)/python -m benchmarks.bench

devices: $(NPM_STAMP) ## Build the Max for Live devices and their pictures.
	@npm --prefix max_for_live run --silent build

wheel: $(DEV) ## Build dist/*.whl and dist/*.tar.gz.
	@rm -rf build dist
	@$(BIN)/python -m build --no-isolation

lock: $(DEV) ## Update requirements/*.txt (LOCK_FLAGS=--upgrade for newer releases).
	@$(call resolve,,base.txt)
	@$(call resolve,--extra train --extra otel --extra dev --constraint requirements/base.txt,dev.txt)

licenses: $(DEV) ## List the licenses of all packages in docs/licenses.md, and write an SBOM to dist/.
	@$(BIN)/python requirements/licenses.py

clean: ## Remove build outputs and caches, but not .venv.
	@rm -rf build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
	@rm -rf .import_linter_cache demo/clip.mid demo/clip.png demo/clip.wav
	@find . -name __pycache__ -not -path './$(VENV)/*' -prune -exec rm -rf {} +

resolve = $(BIN)/uv pip compile --quiet --universal --python-version 3.10 --no-emit-index-url \
	--generate-hashes --custom-compile-command 'make lock' $(LOCK_FLAGS) $(1) setup.py -o requirements/$(2)

# Thanks to these stamps, only changed locks are installed again.
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
	@command -v npm >/dev/null && $(NEW_NODE) || { echo "The devices require Node 20.11 or later with npm; see nodejs.org."; exit 1; }
	$(call heading,'Installing the packages of max_for_live (first time: half a minute)')
	@npm --prefix max_for_live ci --silent --no-audit --no-fund
	@touch $@

$(BIN)/python:
	@command -v $(PYTHON) >/dev/null || { \
		echo "$(PYTHON) was not found; install Python 3.10 to 3.14, or run make PYTHON=/path/to/python3."; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 14))' || { \
		echo "Magenta Bridge requires Python 3.10 to 3.14, but $(PYTHON) is $$($(PYTHON) -V 2>&1); run make PYTHON=python3.11."; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "This Python cannot create environments; run: apt-get install python3-venv"; exit 1; }
	@$(PYTHON) -m venv $(VENV)
