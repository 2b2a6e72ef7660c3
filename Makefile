# Every target makes .venv by itself, with the dependencies of requirements.lock.

PYTHON ?= python3
JOBS ?= 2
BIN := .venv/bin
STAMP := .venv/.installed

.PHONY: check check-all test lint slow deep bench goldens reports ring litmus mutants coverage venv clean

# A cross-section of the scenarios, in a minute or two; all of them: make check-all.
check: $(STAMP)
	$(BIN)/psockmc check --quick

check-all: $(STAMP)
	$(BIN)/psockmc check

test: lint
	$(BIN)/pytest -q -n $(JOBS)

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

slow: $(STAMP)
	$(BIN)/pytest -q -n $(JOBS) -m slow

# Comparisons and proofs that take minutes to hours; not part of CI.
deep: $(STAMP)
	$(BIN)/pytest -q -n $(JOBS) -m deep

bench: $(STAMP)
	$(BIN)/python -m bench

goldens: $(STAMP)
	$(BIN)/pytest -q -n $(JOBS) -m "not deep" tests/models -k "gets_its_verdicts or put_back_is_found" --update-goldens
	$(BIN)/pytest -q -n $(JOBS) --update-goldens

# The documents for reviewers: reports/. What was searched before is not searched again.
reports: ring $(STAMP)
	$(BIN)/psockmc report

# The proofs about the ring of a message: reports/ring.md and reports/findings/ring/.
ring: $(STAMP)
	$(BIN)/psockmc ring --report reports

# The verdicts and counts of a folder with litmus tests and their verdicts.tsv: make litmus LITMUS=DIR.
litmus: $(STAMP)
	$(BIN)/pytest -q -n $(JOBS) -m "slow or not slow" tests/litmus/test_conformance.py $(if $(LITMUS),--litmus "$(LITMUS)")

# Single changes of the memory models and of the primitives, and the test that notices each.
mutants: $(STAMP)
	$(BIN)/python -m tests.litmus.mutants

coverage: $(STAMP)
	$(BIN)/pytest -q -n $(JOBS) --cov --cov-report=term-missing

venv: $(STAMP)

$(STAMP): requirements.lock pyproject.toml hatch_build.py
	@command -v $(PYTHON) >/dev/null || { echo "psockmc needs Python 3.11 or newer: install the Debian package python3, or name another interpreter with 'make PYTHON=...'." >&2; exit 2; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "psockmc needs Python 3.11 or newer and $(PYTHON) is older: name another interpreter with 'make PYTHON=...'." >&2; exit 2; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "$(PYTHON) cannot make virtual environments: install the Debian package python3-venv." >&2; exit 2; }
	@$(PYTHON) -m venv .venv
	@$(BIN)/pip install -q --disable-pip-version-check -r requirements.lock
	@$(BIN)/pip install -q --disable-pip-version-check --no-deps -e .
	@touch $@

clean:
	rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage
