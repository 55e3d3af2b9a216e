# Every chore of the course by name; `make help` lists them.

PYTHON ?= python3
PORT ?= 8000
ASSIGNMENT ?= ps4_two_layer
BIN := .venv/bin
PY := $(BIN)/python
PIP := $(PY) -m pip --disable-pip-version-check -qq
# A quarter of pip's time; whoever has set up pip for a place of his own falls back on it.
LOCKED := $(BIN)/uv pip install --quiet --python $(PY) --compile-bytecode --require-hashes -r
SITE := book/_build/html
WORKERS ?= 2
ID ?= $(shell git rev-parse --short=12 HEAD)
TESTS := $(PY) -m pytest -q -n $(WORKERS)
# The long suites wait for browsers, limits and servers half of their time: twice as many at once.
LONG_TESTS := $(PY) -m pytest -q -n $$((2 * $(WORKERS))) --dist loadscope
export PATH := $(CURDIR)/$(BIN):$(PATH)
export PYTHONPYCACHEPREFIX := $(CURDIR)/build/.pycache

.DEFAULT_GOAL := help
.PHONY: help course serve test test-all test-nightly lint format docs pdf audit release grade bench bench-grade bench-judge size golden lock clean

help: ## list these chores
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

course: docs sample-class ## build everything, grade the sample class, and say where to look
	@printf '%-10s %s\n' site '$(CURDIR)/$(SITE)/index.html (or `make serve`)'

serve: docs ## serve the site on this machine alone, at http://127.0.0.1:8000
	@$(PY) -m http.server --bind 127.0.0.1 --directory $(SITE) $(PORT)

test: .venv/.ready docs ## the tests: unit, property, end to end, and every notebook
	@$(TESTS) --dist worksteal -m "not slow and not browser and not alone and not nightly"
	@$(PY) -m pytest -q -m "alone and not slow and not browser and not nightly" tests/grading
	@$(MAKE) --no-print-directory -j2 --output-sync=target test-numpy1 test-notebooks

test-all: test ## those and the long suites: browser, hostile class, the twelfth of the nightly tests that an id draws (ID=5e1f)
	@$(LONG_TESTS) -m "(slow or browser or nightly) and not alone" --twelfth=$(ID)
	@$(PY) -m pytest -q -m "alone and (slow or browser or nightly)" --twelfth=$(ID) tests/grading tests/browser

test-nightly: .venv/.ready docs ## what searches for hours: fuzzing, campaign, further seeds, a class on a busy machine, the container
	@FUZZ_SECONDS=$${FUZZ_SECONDS:-3600} $(PY) -m pytest -q tests/grading/test_fuzz.py
	@$(LONG_TESTS) -m "nightly and not alone"
	@$(PY) -m pytest -q -m "nightly and alone"
	@$(MAKE) --no-print-directory test-numpy1 NUMPY1=all
	@$(MAKE) --no-print-directory test-notebooks NOTEBOOKS=all

.PHONY: test-numpy1 test-notebooks
test-numpy1: .venv/.ready build/.numpy1 # the checking core on the oldest numpy
	@PYTHONPATH=build/numpy1 $(PY) -m tests.oldest_numpy $(NUMPY1)

test-notebooks: .venv/.ready # run every solved notebook, or with NOTEBOOKS=all the chapters too, and compare what they print
	@$(PY) -m tests.notebooks.golden build $(NOTEBOOKS)
	@$(TESTS) -p tests.notebooks.without_html --dist loadfile --nbval build/notebooks

lint: .venv/.ready ## ruff, mypy, and whether generated files are up to date
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/codespell
	@$(BIN)/mypy
	@$(PY) book/build.py --check

format: .venv/.ready ## format the code
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format .

docs: .venv/.ready ## build the book into book/_build/html
	@$(PY) book/build.py

pdf: docs ## make one PDF of the book by Chromium, build/backprop-course.pdf
	@$(PY) book/pdf.py

audit: docs ## measure three pages of the book with Lighthouse; reported, fails nothing
	@$(PY) book/audit/audit.py

.PHONY: sample-class
sample-class: release # grade it anew into build/sample-class, and compare the marks
	@$(PY) -m exercises.sample_class.grade

release: .venv/.ready ## make the notebooks for students, exercises/release
	@$(PY) exercises/generate.py

grade: .venv/.ready ## autograde exercises/submitted and write feedback: make grade ASSIGNMENT=ps4_two_layer
	@$(PY) -m exercises.grade $(ASSIGNMENT) $(if $(UNSANDBOXED),--without-sandbox)

bench: .venv/.ready ## measure ratios, each against its peer in the same run
	@$(PY) -m benchmarks

bench-grade: .venv/.ready ## measure grading and feedback against nbgrader, on the same notebooks in the same run
	@$(PY) -m benchmarks.grade

bench-judge: .venv/.ready ## measure the judge: every change of a solution is refused and named, every right answer accepted
	@$(PY) -m benchmarks.judge

size: .venv/.ready ## count the lines of code, room by room
	@$(PY) -m benchmarks.size

golden: .venv/.ready ## write again what chapters, notebooks and the sample class should print
	@$(PY) book/build.py --write
	@$(PY) -m tests.notebooks.golden update
	@$(PY) -m tests.autograder.core.messages update
	@$(PY) -m exercises.sample_class.grade --update

lock: ## resolve the dependencies anew into requirements/
	@$(PYTHON) requirements/lock.py

clean: ## remove what was generated, except marks and students' work
	rm -rf build book/_build book/node_modules book/audit/node_modules exercises/source exercises/release .mypy_cache .pytest_cache .ruff_cache .hypothesis

# The environment: pinned, hashed, and made again when a pin changes.
.venv/.ready: requirements/all.lock requirements/installer.lock requirements/node.lock pyproject.toml
	@echo "Installing the pinned dependencies into .venv (a minute or two the first time)"
	@$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11) and 'The course needs Python 3.11 or later; say which with PYTHON=...')"
	@$(PYTHON) -m venv .venv
	@$(PIP) install --require-hashes -r requirements/installer.lock 2>/dev/null && $(LOCKED) requirements/all.lock 2>/dev/null \
		|| $(PIP) install --require-hashes -r requirements/all.lock
	@command -v node >/dev/null && command -v npm >/dev/null || $(PIP) install --require-hashes -r requirements/node.lock
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

build/.numpy1: requirements/numpy1.lock
	@rm -rf build/numpy1 && mkdir -p build
	@$(PY) -c "import sys; sys.exit(sys.version_info >= (3, 12))" \
		&& $(PIP) install --require-hashes --target build/numpy1 -r $< \
		|| echo "numpy 1.25.2 has no build for this Python: its tests will be skipped"
	@touch $@
