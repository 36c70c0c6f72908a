# FlowMaster. `make` alone lists what there is; every other target installs what it needs first.
# Needs git, make and Python 3.11 or newer with its venv module. Nothing is written outside this folder.

PYTHON ?= python3
JOBS ?= $(shell nproc 2>/dev/null || echo 2)
BIN := .venv/bin
STAMP := .venv/.installed
ROOMS := $(patsubst %/__init__.py,%,$(wildcard */__init__.py))
# Conformance material lies beside the checkout where there is any; its tests are skipped without it.
export FLOWMASTER_SHARED ?= $(wildcard $(abspath ../shared))
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# What is compiled once is kept, whatever the surroundings say: the tests start servers by the hundred.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help install demo test check coverage format docs views serve bench soak conformance clean

help: ## Show this list
	@echo "FlowMaster: business processes as tools for agents."
	@echo
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile
	@echo
	@echo "New here? 'make demo' plays an agent's whole session; README.md goes on from there."

install: $(STAMP) ## Make .venv with FlowMaster, its extras and the developer's tools

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "FlowMaster needs Python 3.11 or newer. Name one: make PYTHON=python3.12" >&2; exit 1; }
	@echo "Installing into .venv; the first time takes a few minutes."
	@$(BIN)/python -c '' 2>/dev/null || $(PYTHON) -m venv --clear .venv \
	  || { echo "On Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	@if command -v uv >/dev/null 2>&1; then \
	  uv pip install --quiet --python $(BIN)/python -c constraints.txt --group dev -e '.[all]'; \
	else \
	  $(BIN)/python -m pip install --quiet -c constraints.txt pip setuptools \
	  && $(BIN)/python -m pip install --quiet -c constraints.txt --no-build-isolation --group dev -e '.[all]'; \
	fi
	@$(BIN)/python -m compileall -q -j $(JOBS) $(ROOMS)
	@touch $(STAMP)
	@echo "Installed: $$(du -sh .venv | cut -f1) in .venv."

demo: $(STAMP) ## Play an agent's session on a real invoice, from design to explanation
	@$(BIN)/flowmaster demo

test: $(STAMP) ## Run all tests (8 minutes on two cores)
	@$(BIN)/python -m pytest -q -n $(JOBS) --dist worksteal

check: $(STAMP) ## Check format, lint, types, layers, and that the docs tell what the code does
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/basedpyright --level error
	@$(BIN)/python -m pytest -q tests/house

coverage: $(STAMP) ## Count the branches of the engine that the tests take (at least 95 %; long)
	@rm -f .coverage*
	@$(BIN)/coverage run -m pytest -q -n $(JOBS) --dist worksteal --deselect tests/house --deselect tests/doors/test_opening.py
	@$(BIN)/coverage combine -q
	@$(BIN)/coverage report --skip-covered --skip-empty --fail-under=95

format: $(STAMP) ## Put all code into the one format
	@$(BIN)/ruff check --fix --quiet . ; $(BIN)/ruff format .

docs: $(STAMP) ## Write the generated reference pages and the pictures of the examples again
	@$(BIN)/python -m docs.generate
	@$(BIN)/python benchmarks/corpus.py
	@$(BIN)/python -m examples.draw

views: ## Install the host that the views are tested in (needs npm; the browser is the system's Chromium)
	@cd tests/views && npm install --silent

serve: $(STAMP) ## Serve MCP, REST and health on 127.0.0.1
	@$(BIN)/flowmaster serve

bench: $(STAMP) ## Measure FlowMaster beside SpiffWorkflow, bpmn-engine and DBOS and print the ratios
	@$(BIN)/python -m benchmarks.processes
	@$(BIN)/python benchmarks/rules.py
	@$(BIN)/python benchmarks/layout.py

soak: $(STAMP) ## Kill servers, cut power, disks and networks off under load, play days, call operations by chance, compare models with SpiffWorkflow (long)
	@$(BIN)/python -m pytest -q -s -m soak tests

conformance: $(STAMP) ## Run the tests of MCP (needs npm) and those of DMN and BPMN in FLOWMASTER_SHARED
	@$(BIN)/python -m tests.conformance.protocol
	@$(BIN)/python -m pytest -q -m node tests/conformance
	@test -n "$(FLOWMASTER_SHARED)" || { echo "Set FLOWMASTER_SHARED to the folder of tck/ and suite/." >&2; exit 1; }
	@$(BIN)/python "$(FLOWMASTER_SHARED)/tck/tck_runner.py" --tck "$(FLOWMASTER_SHARED)/tck" --jobs $(JOBS) \
	  -- $(BIN)/python benchmarks/tck_adapter.py
	@$(BIN)/python "$(FLOWMASTER_SHARED)/suite/run_suite.py" \
	  --command "$(BIN)/flowmaster mcp --data :memory: --clock virtual --tools all"

clean: ## Remove what was built, installed and cached
	rm -rf .venv .conformance .peers build dist src/*.egg-info demo-output htmlcov .coverage*
	rm -rf .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
