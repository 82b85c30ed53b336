# `make run` shows what burncurve does, `make test` says whether it is right. Each sets up .venv by itself.
.DEFAULT_GOAL := run
.DELETE_ON_ERROR:
.PHONY: run test lint bench constraints setup

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
SCENARIO ?= faq
WORKERS ?= 2

$(STAMP): pyproject.toml constraints.txt
	@echo "setting up $(VENV)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt setuptools
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt --no-build-isolation -e '.[dev]'
	@touch $@

setup: $(STAMP)

run: $(STAMP)
	$(BIN)/burncurve run $(SCENARIO) --out out/$(SCENARIO)

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# A home of their own, so that tests neither need the user's nor see what stands in it. Kernels are compiled while the
# code is read for faults, and Python's own compiling is kept for the many processes that tests start.
TEST_ENV := HOME=$(CURDIR)/.cache/home PYTHONDONTWRITEBYTECODE= PYTHONPYCACHEPREFIX=$(CURDIR)/.cache/pyc

test: $(STAMP)
	@mkdir -p .cache/home
	@$(TEST_ENV) $(BIN)/burncurve warmup & $(MAKE) --no-print-directory lint && wait
	$(TEST_ENV) $(BIN)/pytest -n $(WORKERS) --dist worksteal

bench: $(STAMP)
	$(BIN)/python -m benchmarks

constraints: $(STAMP)
	@head -1 constraints.txt > constraints.new
	@$(BIN)/python -m pip freeze --exclude-editable >> constraints.new
	@mv constraints.new constraints.txt
