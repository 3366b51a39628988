# Everything a contributor runs. `make` alone lists the targets; CI runs the same ones.
.DEFAULT_GOAL := help
.PHONY: help setup demo test test-long simulate planted bench fix clean

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/installed
SEEDS ?= 200
JOBS ?= 2
FIND_PYTHON := for p in python3 python3.11 python3.12 python3.13 python3.14; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$p" && break; done
PYTHON ?= $(shell $(FIND_PYTHON))

help: ## list these targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  make %-10s %s\n", $$1, $$2 }'

setup: $(STAMP) ## make .venv and install FieldKit into it (again only when something changed)

$(STAMP): pyproject.toml constraints.txt
	@"$(or $(PYTHON),false)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo 'FieldKit ต้องใช้ Python 3.11 ขึ้นไป กรุณาติดตั้ง แล้วสั่ง make อีกครั้ง'; \
	  echo 'FieldKit needs Python 3.11 or newer. Install it (Debian, Ubuntu: apt install python3 python3-venv;'; \
	  echo 'macOS: brew install python), then run make again, or name it: make PYTHON=/path/to/python3.11 setup'; \
	  exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
	  echo 'This Python cannot make a virtual environment. On Debian and Ubuntu: apt install python3-venv'; exit 1; }
	@echo 'กำลังติดตั้ง ครั้งแรกใช้เวลาไม่กี่นาที | Installing: a few minutes the first time'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[server,dev]'
	@touch $@

demo: $(STAMP) ## the whole story on an invented province, in under two minutes
	$(BIN)/fieldkit demo

test: $(STAMP) ## lint, types, import rules and the tests (under 15 minutes)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -m "not slow" -n $(JOBS)

test-long: $(STAMP) ## the slow tests: many seeds, crashes, planted faults
	$(BIN)/pytest -m slow

simulate: $(STAMP) ## run the simulated fleet: make simulate SEEDS=1000
	$(BIN)/python -m tests.simulation seeds $(SEEDS)

planted: $(STAMP) ## plant each known bug and see that it is caught
	$(BIN)/python -m tests.simulation planted

bench: $(STAMP) ## measure, and print the ratios of docs/benchmarks.md
	$(BIN)/python -m benchmarks

fix: $(STAMP) ## format, mend what lint can mend, and write docs/errors.md anew
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .
	$(BIN)/python -m tests.house.make_errors_doc

clean: ## remove .venv and everything that was built
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
