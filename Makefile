# Targets of the project; `make` alone lists them. Nothing here needs root.

PYTHON ?= python3
CORES ?= 2
KILLS ?= 10

VENV := .venv
BIN := $(VENV)/bin
# Stages of the environment: wheels alone, which small campaigns run with, and with PETSc.
PACKAGES := $(VENV)/.packages
STAMP := $(VENV)/.complete
SNAKEMAKE := $(BIN)/snakemake --cores $(CORES)
REPORT := results/demo/report.html

# Programs of the environment, such as mpiexec, come before those of the machine.
export PATH := $(CURDIR)/$(BIN):$(PATH)
# MPI ranks and jobs share the cores; a rule that wants more threads asks Snakemake for them.
export OMP_NUM_THREADS ?= 1
export MKL_NUM_THREADS ?= $(OMP_NUM_THREADS)
export OPENBLAS_NUM_THREADS ?= $(OMP_NUM_THREADS)
export NUMBA_NUM_THREADS ?= $(OMP_NUM_THREADS)

.PHONY: help env demo plan calibrate test coverage slurm-test faults figures benchmark docs lint clean clean-env

help: ## list the targets
	@echo "Usage: make TARGET [CORES=2] [PYTHON=python3]"
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-10s %s\n", $$1, $$2 }' Makefile

env: $(STAMP) ## build the environment in .venv with PETSc and SLEPc, if it is not there yet

$(PACKAGES): envs/build.py envs/check_environment.py envs/requirements.lock
	@$(PYTHON) envs/build.py --stage packages

$(STAMP): envs/build.py envs/check_environment.py envs/requirements.lock envs/sources.lock
	@$(PYTHON) envs/build.py

demo: $(PACKAGES) ## run the demonstration campaign and print the path of its report
	@interrupted=; trap 'interrupted=1' INT; \
	$(SNAKEMAKE) --workflow-profile workflow/profiles/local --logger glassmodes; status=$$?; \
	if [ $$status -eq 0 ]; then echo "Report: $(CURDIR)/$(REPORT)"; fi; \
	[ -n "$$interrupted" ] || exit $$status

plan: $(PACKAGES) ## what the demo would cost; for others: snakemake plan --configfile ...
	$(BIN)/snakemake plan --quiet all

calibrate: $(PACKAGES) ## measure this machine, in under two minutes: times of plans come from it
	$(BIN)/snakemake calibrate --quiet all --cores 1

test: $(STAMP) ## run every test
	$(BIN)/python -m pytest -n $(CORES) --dist loadfile tests

coverage: $(STAMP) ## lines and branches that the quick unit tests run, with a floor (pyproject.toml)
	$(BIN)/python -m pytest -q -n $(CORES) --dist loadfile -m "not slow and not mpi" \
	    --cov --cov-report=term:skip-covered tests/unit

slurm-test: $(STAMP) ## install Debian's SLURM (as root), start one of one node and test on it
	$(BIN)/python -m tests.slurm.cluster install
	SLURM_TESTS=1 $(BIN)/python -m pytest tests/slurm

faults: $(STAMP) ## kill a campaign KILLS=10 times, fill its disk, damage its files
	FAULT_KILLS=$(KILLS) $(BIN)/python -m pytest tests/faults

figures: $(PACKAGES) ## draw the figures of the results that the repository ships
	$(SNAKEMAKE) -s workflow/figures.smk

benchmark: $(STAMP) ## measure the speed of the main computations
	$(BIN)/python -m tests.benchmarks

docs: $(PACKAGES) ## build the documentation, without a network: build/docs/index.html
	$(BIN)/python -m sphinx -q -b html docs build/docs
	@echo "Documentation: $(CURDIR)/build/docs/index.html"

lint: $(PACKAGES) ## check format, style, the direction of imports, types, schema
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/snakefmt --check Snakefile workflow
	PYTHONPATH=analysis $(BIN)/lint-imports
	$(BIN)/mypy
	$(BIN)/python -m glassmodes.campaign.schema --check
	$(BIN)/snakemake --lint

clean: ## remove the demo and the caches, but no other results and not the environment
	rm -rf results/demo results/benchmarks.csv .snakemake .pytest_cache .ruff_cache build *.egg-info
	find . -path ./$(VENV) -prune -o -name __pycache__ -type d -exec rm -rf {} +

clean-env: ## remove the environment; compiled wheels stay in the user's cache
	rm -rf $(VENV)
