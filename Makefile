# Every command of this checkout. `make help` lists them.
SHELL := /bin/bash
.DEFAULT_GOAL := help

PYTHON ?= python3.11
INSTALLER ?= uv
STATE ?= build/state$(addprefix -,$(PORT))$(addprefix -,$(REALM))
SITE ?= sites/demo.yaml
JOBS ?= 2
MINUTES ?= 10

VENVS := .venvs
CORE := $(VENVS)/core
ROUTER := $(VENVS)/router
INTEROP := $(VENVS)/interop
BIN := $(CORE)/bin
LOCKS := requirements
UV := $(VENVS)/bootstrap/bin/uv
OCS := $(BIN)/ocs

ifdef PORT
export OCS_PORT := $(PORT)
endif
ifdef REALM
export OCS_REALM := $(REALM)
endif
export OCS_STATE_DIR := $(abspath $(STATE))
export OCS_CROSSBAR := $(abspath $(ROUTER))/bin/crossbar
export OCS_SITE_FILE := $(abspath $(SITE))
export PYTHONUNBUFFERED := 1

.PHONY: help setup demo run crossbar agents observe status stop test lint docs fmt bench soak clean lock

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo
	@echo "  PORT=8042  serves another port    SITE=file.yaml  runs another site    REALM=name  in a realm of its own"
	@echo "  INSTALLER=pip  sets up without uv"

setup: $(CORE)/.ready $(ROUTER)/.ready ## Make the two environments (router; core and tests); nothing to do the second time

demo: setup ## Run an observation on simulated instruments, from router to plot and archive, in a minute and a half
	@$(BIN)/python -m clients.demo

run: setup ## Serve the site in the foreground; Ctrl-C ends all of it (PORT=8042 for another port)
	@exec $(OCS) up

crossbar: setup ## Serve the router alone, in the foreground
	@exec $(OCS) router start

agents: setup ## Serve the site's agents alone, against a router that runs already
	@exec $(OCS) up --no-router

observe: setup ## Run the observation against a site that runs already
	@$(BIN)/python -m clients.observe

status: setup ## Show every agent and operation of the running site
	@$(OCS) status

stop: setup ## End what `make run` started
	@$(OCS) down

test: setup $(INTEROP)/.ready ## Run all tests, real router included
	@$(BIN)/pytest -n $(JOBS) --dist loadgroup $(PYTEST_OPTIONS)

lint: setup ## Check style, types and the floors of the house
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy ocs agents clients benchmarks docs/generate.py tests
	@for lesson in examples/*/; do MYPYPATH=examples/04-serial-device $(BIN)/mypy $$lesson || exit 1; done
	PYTHONPATH=. $(BIN)/lint-imports --no-cache

docs: setup ## Write the reference pages anew from the code
	@$(BIN)/python docs/generate.py

fmt: setup ## Format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: setup ## Measure speed as ratios against a raw program; writes build/bench.json
	@$(BIN)/python -m benchmarks

soak: setup ## Kill router, agent and archiver at random for MINUTES=10, and account for every number
	@$(BIN)/python -m tests.system.soak --minutes $(MINUTES)

clean: ## Remove everything that was built or installed here
	rm -rf build dist $(VENVS) .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -not -path './.git/*' -prune -exec rm -rf {} +

lock: $(UV) ## Resolve the pins anew (for maintainers)
	@for name in bootstrap router core interop; do \
	  $(UV) pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	    --no-emit-find-links --no-header --no-annotate --override $(LOCKS)/overrides.txt \
	    $(LOCKS)/$$name.in -o $(LOCKS)/$$name.lock || exit 1; done

# -- environments ---------------------------------------------------------------------------------

ifeq ($(INSTALLER),pip)
install = $(1)/bin/python -m pip install -q --disable-pip-version-check --no-deps --require-hashes -r $(2)
install_here = $(CORE)/bin/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
else
install = $(UV) pip sync -q --require-hashes --python $(1)/bin/python $(2)
install_here = $(UV) pip install -q --no-deps --no-build-isolation --python $(CORE)/bin/python -e .
INSTALLER_READY := $(UV)
endif

$(VENVS)/.python:
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { \
	  echo "$(PYTHON) with its venv module is needed; on Debian: apt-get install python3-venv" >&2; exit 3; }
	@mkdir -p $(VENVS) && touch $@

$(UV): $(LOCKS)/bootstrap.lock | $(VENVS)/.python
	@echo "fetching the installer"
	@$(PYTHON) -m venv --clear $(VENVS)/bootstrap
	@$(VENVS)/bootstrap/bin/python -m pip install -q --disable-pip-version-check --no-deps --require-hashes -r $<
	@touch $@

$(CORE)/.ready: $(LOCKS)/core.lock pyproject.toml | $(VENVS)/.python $(INSTALLER_READY)
	@echo "installing core and tests into $(CORE)"
	@$(PYTHON) -m venv $(CORE)
	@$(call install,$(CORE),$(LOCKS)/core.lock)
	@$(install_here)
	@touch $@

$(ROUTER)/.ready: $(LOCKS)/router.lock | $(VENVS)/.python $(INSTALLER_READY)
	@echo "installing the router into $(ROUTER)"
	@$(PYTHON) -m venv $(ROUTER)
	@$(call install,$(ROUTER),$(LOCKS)/router.lock)
	@touch $@

$(INTEROP)/.ready: $(LOCKS)/interop.lock | $(INSTALLER_READY)
	@echo "installing OCS 0.12 for the interoperability tests into $(INTEROP)"
	@$(PYTHON) -m venv $(INTEROP)
	@$(call install,$(INTEROP),$(LOCKS)/interop.lock)
	@touch $@
