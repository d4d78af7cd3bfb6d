# Everything a clone needs: `make demo` shows the program at work, `make test` proves it.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed

.PHONY: demo test test-all test-slow lint types unit docs bench clean

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

# Editable install with the test tools; done again when the dependencies change.
$(STAMP): pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $@

$(VENV)/.runtime: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	touch $@

# What latency and throughput will Llama-3.1-8B give on one H100 under the Azure conversation traffic?
demo: $(VENV)/.runtime
	$(BIN)/inferplan run docs/scenarios/azure-conversation-h100.yaml --out demo
	@echo
	@echo "The pictures are in demo/ (latency_cdf.png, timeline.png, ...), the numbers in demo/summary.json."

# Lint, types and every test that takes less than ten seconds; `make test-all` adds the others.
test: lint types unit

test-all: test test-slow

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(STAMP)
	$(BIN)/mypy

unit: $(STAMP)
	$(BIN)/python -m pytest -n auto -m "not slow"

# Kills and resumes, mutants, fuzzing, notebooks, a newcomer's path from an empty environment, ...
test-slow: $(STAMP)
	$(BIN)/python -m pytest -n auto -m slow

# What is generated from the schema of the scenario file; a test holds it against the code.
docs: $(VENV)/.runtime
	$(BIN)/inferplan schema scenario --out docs/schema/scenario.schema.json
	$(BIN)/inferplan schema study --out docs/schema/study.schema.json
	$(BIN)/inferplan schema plan --out docs/schema/plan.schema.json
	$(BIN)/inferplan schema scenario --format markdown --out docs/reference.md
	$(BIN)/inferplan schema plan --format markdown --out docs/reference-plan.md

bench: $(STAMP)
	$(BIN)/python -m benchmarks.core --json

clean:
	rm -rf $(VENV) dist build demo
