# Two commands do everything on a machine that has Python 3.11 or newer, make and a package index: `make run` and `make test`.
# scripts/venv.sh installs into .venv only what changed since the last time. PYTHON=… chooses the interpreter, ARGS=… goes to pytest.

PY := .venv/bin/python
VENV := @sh scripts/venv.sh
# Two processes at most, each with models and a browser of its own. A file's tests stay together, since they share what its fixtures made;
# and the files' order stays, in which the browser's, the longest, come early: else the last one would run alone.
SPREAD := -n logical --maxprocesses 2 --dist loadfile --no-loadscope-reorder
.DEFAULT_GOAL := help
.PHONY: help run test check lint types quick soak format bench pictures lock clean

help:  ## list these commands
	@sed -n 's/^\([a-z]*\):.*  ## /  make \1|/p' Makefile | awk -F'|' '{ printf "%-15s %s\n", $$1, $$2 }'

run:  ## install what the app needs, start it and print its address
	$(VENV) run
	@$(PY) app.py

test:  ## install what the tests need and run every test, the browser's included
	$(VENV) run dev
	@browser=$$($(PY) scripts/browser.py) && PROMPTUNE_CHROMIUM="$$browser" $(PY) -m pytest --cov $(SPREAD) $(ARGS)

check: lint types quick  ## lint, types, and the tests that need no browser

lint:  ## ruff: rules, import boundaries and format
	$(VENV) run dev
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .

types:  ## mypy, strict
	$(VENV) run dev
	@$(PY) -m mypy

quick:  ## the tests that need no browser
	$(VENV) run dev
	@$(PY) -m pytest -m 'not browser' $(if $(ARGS),,$(SPREAD)) $(ARGS)

soak:  ## the faults again with twenty kills of a training
	$(VENV) run dev
	@SOAK=20 $(PY) -m pytest tests/faults -o faulthandler_timeout=1800 $(ARGS)

format:  ## mend what ruff can mend
	$(VENV) run dev
	@$(PY) -m ruff check --fix .
	@$(PY) -m ruff format .

bench:  ## run benchmarks/*.py, or the one named: make bench ONLY=startup
	$(VENV) run bench
	@for file in $(filter-out $(patsubst %,benchmarks/%.py,results workload ours peers gpu),$(wildcard benchmarks/$(or $(ONLY),*).py)); do echo "== $$file"; $(PY) $$file || exit 1; done

pictures:  ## make the documentation's pictures from the running app
	$(VENV) run dev
	@$(PY) scripts/pictures.py

lock:  ## pin in constraints.txt what the requirements bring in
	@sh scripts/venv.sh --unlocked run dev
	@$(PY) scripts/lock.py

clean:  ## remove .venv and every cache; your data folder stays
	@rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage src/promptune.egg-info
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
