# Two commands for people: `make learn` and `make test`. The rest serves those two and maintainers.

PYTHON ?= python3
VENV   ?= .venv
BIN     = $(VENV)/bin
CHAPTER ?= ngram
STAMP   = $(VENV)/.installed
export LAB_ARGS ?=
# A test file a core. The chapters' notebooks run one by one: some of them measure time.
SIDE_BY_SIDE = -n logical --maxprocesses 4 --dist loadfile
NOTEBOOKS = $(wildcard chapters/*/*.ipynb solutions/*.ipynb exercises/*.ipynb)

.PHONY: help install learn test test-all test-gpu lint unit second-backend notebooks bench lock format pictures write clean

help:
	@echo "make learn      install, fetch the texts of CHAPTER=$(CHAPTER), open JupyterLab on it"
	@echo "make test       install, then everything that CI runs"
	@echo "make test-all   the slow tests too (kills, network, full loads)"
	@echo "make test-gpu   with an NVIDIA GPU on Linux: its packages, the device named, every chapter"
	@echo "make install    make .venv and install, nothing else"
	@echo "make format     put code and notebooks into their one form"
	@echo "make bench      run tests/benchmarks: speeds and tables side by side, written to docs/"
	@echo "make lock       resolve requirements.txt into requirements.lock (needs the uv command)"
	@echo "make write      execute every chapter and store its outputs; generate exercises/"

install: $(STAMP)

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(None if (3, 11) <= v <= (3, 13) else f"Python {v[0]}.{v[1]} has no TensorFlow wheels; use 3.11, 3.12 or 3.13: make PYTHON=python3.13 …")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

# Without the texts the chapter runs on its synthetic world: a fetch that fails stops nothing.
learn: install
	-$(BIN)/companion data fetch --chapter $(CHAPTER)
	$(BIN)/companion lab $(CHAPTER)

test: install lint unit second-backend notebooks

lint:
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/lint-imports
	$(BIN)/python -m companion.course.notebook --check $(NOTEBOOKS)
	$(BIN)/companion selftest

# Under test: on the processor, and what the checks record is not the learner's own progress.
unit second-backend notebooks test-all: export COMPANION_DEVICE = cpu
unit second-backend notebooks test-all: export COMPANION_STATE = $(CURDIR)/$(VENV)/test-state

unit:
	$(BIN)/companion data fetch
	$(BIN)/python -m pytest $(SIDE_BY_SIDE) -m "not slow and not network"

# The layers know no backend: their tests run on JAX as they do on TensorFlow.
second-backend:
	KERAS_BACKEND=jax $(BIN)/python -m pytest $(SIDE_BY_SIDE) -m "not slow" \
	  tests/test_attention.py tests/test_transformer.py

notebooks:
	$(BIN)/python -m pytest --nbval-lax chapters
	$(BIN)/python -m pytest $(SIDE_BY_SIDE) --nbval-lax solutions exercises

test-all: install lint
	$(BIN)/companion data fetch --all
	$(BIN)/python -m pytest
	$(MAKE) second-backend notebooks

test-gpu: install
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement requirements-gpu.txt
	$(BIN)/companion doctor --deep
	$(BIN)/companion run

bench: install
	for script in tests/benchmarks/bench_*.py tests/benchmarks/*_table.py; do $(BIN)/python $$script || exit 1; done

lock:
	uv pip compile requirements.txt --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-annotate --output-file requirements.lock --custom-compile-command "make lock"

format:
	$(BIN)/ruff check --fix
	$(BIN)/ruff format
	$(BIN)/python -m companion.course.notebook --write $(NOTEBOOKS)

pictures: install
	COMPANION_PICTURES=docs/images $(BIN)/python -m pytest tests/test_browser.py

write: install
	$(BIN)/companion release
	$(BIN)/companion run --write

clean:
	rm -rf $(VENV) build .pytest_cache .ruff_cache .hypothesis
