# One task list, used by people, hooks and CI alike.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed
# A file stays with one worker, so that its fixtures are made once; the files come in their order, the slow ones first.
# Three on two cores: a test of the whole life waits as much as it computes.
WORKERS := -n 3 --dist loadfile --no-loadscope-reorder
UV := $(or $(shell command -v uv),.tools/bin/uv)

GET_UV := test -x $(UV) || ($(PYTHON) -m venv .tools && .tools/bin/pip install -qq "uv>=0.9")

.PHONY: help setup setup-deploy run test test-long lint bench docs lock clean

help:  ## show the tasks
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

setup: $(STAMP)  ## make .venv with the locked packages; its commands are in .venv/bin

$(STAMP): requirements.lock pyproject.toml local_aws/pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if (3, 11) <= sys.version_info[:2] <= (3, 13) else "Python 3.11, 3.12 or 3.13 is needed, this is %d.%d: make setup PYTHON=python3.12" % sys.version_info[:2])'
	@$(GET_UV)
	@test -x $(BIN)/python || $(UV) venv --quiet --python $(PYTHON) .venv
	@$(UV) pip sync --quiet --python $(BIN)/python --require-hashes requirements.lock
	@$(UV) pip install --quiet --python $(BIN)/python --no-deps -e . -e local_aws
	@touch $@

setup-deploy:  ## make .venv-deploy with what a deployment's builds need, which is little
	@$(GET_UV)
	@test -x .venv-deploy/bin/python || $(UV) venv --quiet --python $(PYTHON) .venv-deploy
	@$(UV) pip sync --quiet --python .venv-deploy/bin/python --require-hashes requirements-deploy.lock

run: setup  ## generate a credit sample, build a model from it and register the model
	@$(BIN)/mlops run credit

test: setup lint  ## everything that must hold at every commit
	@$(BIN)/pytest $(WORKERS) -m "not long and not bench"

test-long: setup  ## the same, and what takes longer
	@$(BIN)/pytest $(WORKERS) -m "not bench"

lint: setup
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache

bench: setup  ## each table beside its peers, in one run
	@$(BIN)/pytest -m bench -s benchmarks

docs: setup  ## write the pages that follow from the code
	@$(BIN)/python docs/generate.py

LOCK := $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	--no-emit-index-url --no-emit-find-links

lock: setup  ## resolve the packages anew
	@$(LOCK) --all-extras --group dev --no-emit-package local-aws pyproject.toml local_aws/pyproject.toml \
		-o requirements.lock
	@$(LOCK) --extra deploy --constraint requirements.lock pyproject.toml -o requirements-deploy.lock

clean:  ## remove what the tasks made
	@rm -rf .venv .venv-deploy .tools .local_aws .mypy_cache .ruff_cache .pytest_cache
