# The two commands a newcomer needs: `make run` and `make test`. Each sets up all it needs.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

HUB ?= lagoon/research
SOURCE ?= examples/infrastructure
TO ?= replica
DOMAIN ?= hub.example.edu
TEST_ARGS ?=
RUN_ARGS ?=
TRY_ARGS ?=

.PHONY: run test test-cluster lint types unit buttons setup lock clean help

help: ## Show the commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

run: $(READY) ## Replicate a hub (HUB=… SOURCE=… TO=… DOMAIN=…), check it, and start it on this machine
	$(BIN)/takeout hub replicate $(HUB) --source $(SOURCE) --to $(TO) --domain $(DOMAIN) $(RUN_ARGS)
	$(BIN)/takeout hub check $(TO)
	$(BIN)/takeout hub try $(TO) $(TRY_ARGS)

test: $(READY) lint types unit ## Everything that must hold: lint, types, tests

test-cluster: $(READY) ## The tests that need Kubernetes: on the cluster of KUBECONFIG, or on one started here
	$(BIN)/python tests/cluster/test $(TEST_ARGS)

lint: $(READY)
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: $(READY)
	$(BIN)/mypy

unit: $(READY) buttons
	$(BIN)/pytest -n auto --dist worksteal -m 'not cluster'

buttons: $(READY) # those of JupyterLab and Notebook, built again where their sources changed
	$(BIN)/python labextension/build.py --develop --optional

setup: $(READY)

$(READY): pyproject.toml requirements/constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint requirements/constraints.txt --editable '.[dev]'
	touch $@

lock: ## Write requirements/constraints.txt anew from what pyproject.toml allows
	rm -rf $(VENV)/lock
	$(PYTHON) -m venv $(VENV)/lock
	$(VENV)/lock/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	{ echo '# Every package of the development environment; made by `make lock`.'; $(VENV)/lock/bin/python -m pip freeze --exclude-editable --exclude pip; } > requirements/constraints.txt
	rm -rf $(VENV)/lock

clean: ## Remove what the other commands made
	rm -rf labextension/node_modules labextension/lib labextension/dist labextension/dist.sha256
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis
