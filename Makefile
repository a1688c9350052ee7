# Every verb uses the environment in VENV; name another with `make test VENV=path`.
VENV ?= .venv
PYTHON ?= python3
BIN := $(VENV)/bin
export OMP_NUM_THREADS ?= 1

.DEFAULT_GOAL := help
.PHONY: help install lock test format check docs readers validate bench stress build clean

help:  ## show this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 18

install:  ## make .venv and install emgpipe with everything a developer needs
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install -c requirements.lock -e ".[dev]"

lock:  ## write requirements.lock anew (needs uv on PATH)
	uv pip compile --universal pyproject.toml --all-extras -o requirements.lock --no-header --no-annotate --upgrade

test:  ## run the test suite
	$(BIN)/pytest -n auto --dist worksteal

format:  ## format the code and mend what can be mended
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

check:  ## formatting, lint and types, as .ci/run and pre-commit do
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

readers:  ## compare readers of EDF and BDF and write docs/readers.md
	$(BIN)/python -m validation.readers

docs:  ## write the pages that come from the package itself
	$(BIN)/python -m emgpipe.cli.pages docs

validate:  ## measure every claim on known truth and write the four pages of validation (45 minutes; beside peers where the extra is installed)
	$(BIN)/python -m validation
	$(BIN)/python -m validation.stiffness
	$(BIN)/python -m validation.crossover
	$(BIN)/python -m validation.tuning

bench:  ## measure how fast settings are tried and write docs/speed.md (a minute)
	$(BIN)/python -m validation.speed

stress:  ## judge malformed files, fuzz the reader, kill and crowd runs; write docs/stress.md and reliability.md (half an hour)
	$(BIN)/python -m stress
	$(BIN)/python -m stress.reliability
	$(BIN)/pytest -m slow

build:  ## make the wheel and the source archive in dist/
	$(BIN)/python -m build

clean:  ## remove what the verbs above have made, the environment left alone
	rm -rf build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis *.egg-info
	find emgpipe tests -name __pycache__ -type d -prune -exec rm -rf {} +
