# The README's two commands, and the rest of what a developer types.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

run: $(VENV)/.run
	exec $(BIN)/python manage.py up

$(VENV)/bin/uv:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install -q --disable-pip-version-check uv

$(VENV)/.run: requirements.txt | $(VENV)/bin/uv
	$(BIN)/uv pip install -q --python $(BIN)/python -r requirements.txt
	touch $@

$(VENV)/.dev: requirements-dev.txt | $(VENV)/bin/uv
	$(BIN)/uv pip install -q --python $(BIN)/python -r requirements-dev.txt
	touch $@ $(VENV)/.run

.PHONY: run
