# Everything here works in the checkout's own .venv; nothing else on the machine is touched.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
HEAVY := .venv-integrations
TORCH ?= torch torchvision

.PHONY: help demo test test-integrations check docs bench bench-platform sabotage constraints clean

help:  ## Show these targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 20

# uv comes from its wheel, so Python and make are all that a machine needs. Bytecode is compiled at install
# time: without it every start-up figure doubles.
$(STAMP): pyproject.toml constraints.txt Makefile
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Synapse needs Python 3.11 or newer; this is %s. Try: make PYTHON=python3.12" % sys.version.split()[0])'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt uv
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --compile-bytecode -c constraints.txt -e '.[dev]'
	@touch $@

demo: $(STAMP)  ## Run the main job on real input; then serve until Ctrl-C (EXIT=1: end)
	@$(BIN)/python examples/digits/demo.py

# The console's tests need a Chromium, which is installed where we may; BROWSER=0 leaves them out.
test: $(STAMP)  ## Run every test (BROWSER=0: without those that need a browser)
	@$(BIN)/python -m tests.suites

# Gigabytes, so in an environment of its own. Builds for CPUs alone are smaller, where there are some:
# make test-integrations TORCH="torch torchvision --index-url <address>". The pictures need no screen.
$(HEAVY)/.installed: integration_tests/requirements.txt pyproject.toml $(STAMP)
	@test -x $(HEAVY)/bin/python || $(PYTHON) -m venv $(HEAVY)
	@$(HEAVY)/bin/python -m pip install --quiet --disable-pip-version-check $(TORCH)
	@$(HEAVY)/bin/python -m pip install --quiet --disable-pip-version-check -r integration_tests/requirements.txt -e .
	@$(HEAVY)/bin/python -m pip uninstall --quiet --yes opencv-python opencv-python-headless
	@$(HEAVY)/bin/python -m pip install --quiet --disable-pip-version-check opencv-python-headless
	@touch $@

test-integrations: $(HEAVY)/.installed  ## Train with Lightning and ultralytics themselves (downloads PyTorch)
	@YOLO_CONFIG_DIR=$(HEAVY) $(HEAVY)/bin/python -m pytest integration_tests

check: $(STAMP)  ## ruff, mypy --strict, import-linter
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo

docs: $(STAMP)  ## Generate docs/reference/ and the schema of config.yaml again
	@$(BIN)/python docs/reference/generate.py
	@$(BIN)/python -m synapse_sdk.plugins.config_schema > .config.schema.json
	@mv .config.schema.json src/synapse_sdk/plugins/config.schema.json

bench: $(STAMP)  ## Print the figures that the README claims
	@$(BIN)/python benchmarks/run.py

bench-platform: $(STAMP)  ## Print the server's figures: ingest, publish, first line, idle, pages
	@$(BIN)/python benchmarks/run_platform.py

sabotage: $(STAMP)  ## Plant faults one by one; every suite must turn red
	@$(BIN)/python -m tests.sabotage

constraints: $(STAMP)  ## Lock the versions of everything we install
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-header --no-annotate --all-extras \
		--upgrade --no-emit-index-url -o constraints.txt pyproject.toml
	@$(BIN)/uv --version | awk '{print "uv==" $$2}' >> constraints.txt

clean:  ## Remove what these targets made
	rm -rf $(VENV) $(HEAVY) .demo .bench .pytest_cache .mypy_cache .ruff_cache .hypothesis
