# The README's two commands, `make run` and `make test`, and the rest of what a developer types.
# Needed: Python 3.11 or newer, make and a network. Everything is installed into .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PY := $(BIN)/python
JOBS ?= 2

# Compiled modules halve the time of every start.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: run test lint fmt types js messages bench demo chaos fuzz clean requirements

run: $(VENV)/.run
	@exec $(PY) manage.py up

demo: $(VENV)/.run
	@$(PY) manage.py demo

test: lint types js
	$(PY) manage.py makemigrations --check --dry-run
	$(PY) manage.py check
	$(BIN)/pytest -n $(JOBS) --dist loadgroup tests

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/djlint templates --lint --quiet

types: $(VENV)/.dev
	$(BIN)/mypy

# npm and node come from the venv, and serve developers only: nothing of node_modules reaches a browser.
js: $(VENV)/.dev node_modules/.done
	PATH="$(abspath $(BIN)):$$PATH" node_modules/.bin/eslint --no-error-on-unmatched-pattern static tests/js
	$(BIN)/node --test 'tests/js/**/*.js'

fmt: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# Brings campaigns/locale up to date with the public pages, and says what is still to be translated there.
messages: $(VENV)/.dev
	$(PY) -m tests.campaigns.catalogs

bench: $(VENV)/.dev
	$(PY) -m tests.bench

# Longer forms of what `make test` does in brief.
chaos: $(VENV)/.dev
	WAYPOST_CHAOS=full $(BIN)/pytest -q -m chaos tests

EXAMPLES ?= 1000
fuzz: $(VENV)/.dev
	WAYPOST_FUZZ=$(EXAMPLES) $(BIN)/pytest -q tests/flows/test_equivalence.py tests/contacts/test_segments_reference.py \
		tests/contacts/test_import_hostile.py

requirements: $(VENV)/bin/uv
	$(BIN)/uv pip compile -q --universal --generate-hashes --no-header --no-emit-index-url pyproject.toml -o requirements.txt
	$(BIN)/uv pip compile -q --universal --generate-hashes --no-header --no-emit-index-url --extra dev pyproject.toml -o requirements-dev.txt

clean:
	rm -rf $(VENV) node_modules .pytest_cache .mypy_cache .ruff_cache .hypothesis test-results
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/bin/uv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Waypost needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Name another one: make PYTHON=python3.12 " + "run")'
	@$(PYTHON) -m venv $(VENV) || { echo "Python could not make a virtual environment. On Debian and Ubuntu: apt-get install python3-venv"; exit 1; }
	@$(BIN)/pip install -q --disable-pip-version-check uv

$(VENV)/.run: requirements.txt | $(VENV)/bin/uv
	@echo "Installing …"
	@$(BIN)/uv pip install -q --python $(PY) -r requirements.txt
	@touch $@

$(VENV)/.dev: requirements-dev.txt | $(VENV)/bin/uv
	@echo "Installing, with what tests need …"
	@$(BIN)/uv pip install -q --python $(PY) -r requirements-dev.txt
	@touch $@ $(VENV)/.run

node_modules/.done: package-lock.json package.json | $(VENV)/.dev
	@PATH="$(abspath $(BIN)):$$PATH" npm ci --silent --no-audit --no-fund
	@touch $@
