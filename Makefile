# Nothing is needed first but python3 (3.11 or newer) and make; `make pins` also needs uv.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin

SCENARIO ?= january_2022
WORLDS ?= 2000
SEED ?= 1
DEMO_OUT ?= demo_out
# One process more than there are cores: many tests wait for processes of their own.
PYTEST_ARGS ?= -q -n $(shell $(PYTHON) -c 'import os; print(min(8, 1 + (os.cpu_count() or 1)))') --dist worksteal
PINS_ARGS ?=
UV ?= uv

# Pins: core (with the classroom and the build backend) and everything. Stamps are written last, so a broken set-up is redone.
CORE := $(VENV)/.core
DEV := $(VENV)/.dev
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input -qq
INSTALL := $(PIP) install --no-compile --no-warn-script-location
COMPILE := $(UV) pip compile --quiet --universal --python-version 3.11 --fork-strategy fewest \
	--prerelease disallow --generate-hashes --no-header --no-annotate

export MPLBACKEND ?= Agg
# Every command and worker is a process of its own; without bytecode each takes some four seconds longer to start.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test lint format bench experiments golden pictures schema pins clean

help: ## list the targets
	@echo "negotiation-sim: make TARGET"
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  \1|\2/p' $(firstword $(MAKEFILE_LIST)) | awk -F'|' '{printf "%-12s %s\n", $$1, $$2}'

demo: $(CORE) ## set up and run the January 2022 ensemble
	@$(BIN)/negsim run scenario=$(SCENARIO) worlds=$(WORLDS) seed=$(SEED) out=$(DEMO_OUT)
	@$(BIN)/negsim report $(DEMO_OUT)
	@echo
	@echo "  $(DEMO_OUT)/outcomes.png         the picture"
	@echo "  $(DEMO_OUT)/report/report.html   all figures, drivers and checks on one page"
	@echo "  $(DEMO_OUT)/runs.parquet         one row a world"

test: $(DEV) ## set up and run all tests (PYTEST_ARGS=...)
	@$(BIN)/python -m pytest $(PYTEST_ARGS)

lint: $(DEV) ## ruff check, ruff format --check, mypy
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

format: $(DEV) ## let ruff fix and format
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: $(DEV) ## measure worlds a second, figures, a class of sixty, and sweeps against other tools (some twenty minutes)
	@$(BIN)/python benchmarks/worlds.py
	@$(BIN)/python benchmarks/figures.py
	@$(BIN)/python -W ignore benchmarks/sweeps.py
	@$(BIN)/python benchmarks/classroom.py

experiments: $(CORE) ## play all shipped experiments again and draw their figures (some ten minutes)
	@$(BIN)/python experiments/run.py

golden: $(DEV) ## refresh the golden traces
	@$(BIN)/python tests/refresh_golden.py

pictures: $(DEV) ## draw the pictures that figures are compared with again; look at them before they are committed
	@NEGSIM_WRITE_PICTURES=1 $(BIN)/python -m pytest -q -k "it_did or they_did" tests/

schema: $(CORE) ## write schema/scenario.schema.json
	@$(BIN)/python -m negotiation_sim.scenario.export_schema

pins: ## regenerate the pins (PINS_ARGS=--upgrade moves them)
	@command -v $(UV) >/dev/null || { echo "make pins needs uv" >&2; exit 1; }
	@$(COMPILE) $(PINS_ARGS) --all-extras pyproject.toml --output-file constraints.txt >/dev/null
	@echo hatchling | $(COMPILE) --constraint constraints.txt --extra classroom pyproject.toml - --output-file constraints-core.txt >/dev/null
	@echo "constraints.txt: $$(grep -c == constraints.txt) pins; constraints-core.txt: $$(grep -c == constraints-core.txt)"

clean: ## remove .venv, caches, builds and demo output
	@rm -rf $(VENV) $(DEMO_OUT) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	@find . -name .git -prune -o -type d -name __pycache__ -prune -exec rm -rf {} +

$(CORE): constraints-core.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.x")'
	@echo "Setting up $(VENV) from constraints-core.txt (about half a minute the first time) ..."
	@$(PYTHON) -m venv $(VENV)
	@$(INSTALL) --require-hashes --requirement constraints-core.txt
	@$(INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

$(DEV): $(CORE) constraints.txt
	@echo "Adding the development tools from constraints.txt ..."
	@$(INSTALL) --require-hashes --requirement constraints.txt
	@touch $@
