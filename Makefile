# Every command of the project; `make help` lists them.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes
CATALOGUES := $(patsubst %.po,%.mo,$(wildcard translations/*/LC_MESSAGES/messages.po))
PYTEST_ARGS ?= -n 2
# A throw-away place for what checks write; the settings are those of a demo.
SCRATCH = BANGFU_DEMO=1 BANGFU_VAR=$$scratch DATABASE_URL=
FLASK := $(BIN)/flask --app wsgi

.PHONY: help run test check soak bench lint format lock audit texts

help: ## list the commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

run: $(VENV)/.run $(CATALOGUES) ## start the demo on 127.0.0.1:8000 (Ctrl-C stops all of it)
	@BANGFU_DEMO=1 exec $(BIN)/python -m marketplace.cli.serve

test: $(VENV)/.dev $(CATALOGUES) ## run every test, on SQLite and on a PostgreSQL of its own
	$(BIN)/python -m pytest $(PYTEST_ARGS)

check: test lint ## prove everything that CI proves

soak: $(VENV)/.dev $(CATALOGUES) ## run the tests with the full counts of the invariants' trials
	BANGFU_SOAK=1 $(BIN)/python -m pytest $(PYTEST_ARGS)

bench: $(VENV)/.dev $(CATALOGUES) ## measure, and print the figures with the machine's own limits
	$(BIN)/python -m bench

lint: $(VENV)/.dev $(CATALOGUES) ## style, types, import contracts, migrations
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	@if [ -d migrations ]; then \
		scratch=$$(mktemp -d) && trap 'rm -rf "$$scratch"' EXIT \
		&& $(SCRATCH) $(FLASK) db upgrade && $(SCRATCH) $(FLASK) db check; \
	else echo "no migrations yet"; fi

format: $(VENV)/.dev ## let ruff put the code in order
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: $(VENV)/.dev ## write the lock files anew from pyproject.toml: versions and hashes, no address
	$(BIN)/uv pip compile $(LOCK) pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile $(LOCK) -c requirements.lock --group dev pyproject.toml -o requirements-dev.lock

LOCK := --quiet --no-config --universal --python-version 3.11 --upgrade --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-header --no-annotate

# Sorted, unwrapped and without places, so that the catalogue changes only where a text does.
texts: $(VENV)/.dev ## gather the screens' texts into the English catalogue; translate what is empty
	@scratch=$$(mktemp -d) && trap 'rm -rf "$$scratch"' EXIT \
	&& $(BIN)/pybabel --quiet extract -F babel.cfg -k _l -k lazy_pgettext:1c,2 --no-location --sort-output --no-wrap \
		--project=Bangfu --version=1 --msgid-bugs-address= -o "$$scratch/messages.pot" . \
	&& $(BIN)/pybabel --quiet update -i "$$scratch/messages.pot" -o translations/en/LC_MESSAGES/messages.po -l en \
		--no-wrap --ignore-obsolete --no-fuzzy-matching --init-missing --ignore-pot-creation-date

audit: $(VENV)/.dev ## look the locked versions up in the advisory database
	$(BIN)/pip-audit --require-hashes --disable-pip -r requirements.lock

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed (PYTHON=python3.12 make …)")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run: requirements.lock | $(BIN)/python
	@echo "Installing what the product needs …"
	@$(PIP) -r requirements.lock && touch $@

$(VENV)/.dev: requirements-dev.lock | $(BIN)/python
	@echo "Installing what the tests need …"
	@$(PIP) -r requirements-dev.lock && touch $@

$(CATALOGUES): %.mo: %.po
	@$(BIN)/python -m babel.messages.frontend --quiet compile -i $< -o $@
