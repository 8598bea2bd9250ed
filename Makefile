# Each target sets up what it needs: a virtual environment in .venv, Chromium for browser tests, Node packages in .node.

BIN := .venv/bin
READY := .venv/.ready
# Two workers more than there are cores: many tests wait for a browser, another process or a clock.
WORKERS ?= $(shell echo $$(($$(nproc 2>/dev/null || echo 2) + 2)))

# Byte code is kept, also where a Dockerfile turned it off: compiling the tests anew takes longer than most of them.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo test long lint format index bench chaos leaks neighbours applications widgets fuzz audit docs tox browser node build clean

help:  ## Show this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

demo: $(READY) browser  ## Run one offline sign-up in a browser, and show each step
	@cd examples/signup && $(CURDIR)/$(BIN)/python -m pytest demo -s -q --demo-report=$(CURDIR)/demo-report

test: $(READY) browser node  ## Run the suite, but for its longest tests
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal -m "not long" $(ARGS)

long: $(READY) browser node  ## Run the suite's longest tests: whole examples, and runs that are killed
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal -m long $(ARGS)

lint: $(READY)  ## Check style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy pytest_otp tests $(wildcard benchmarks/*.py chaos/*.py fuzz/*.py leaks/*.py widgets/*.py widgets/plain/*.py)
	cd examples/signup && $(CURDIR)/$(BIN)/mypy --config-file $(CURDIR)/pyproject.toml .
	cd examples/thirdparty_provider && $(CURDIR)/$(BIN)/mypy --config-file $(CURDIR)/pyproject.toml .
	$(BIN)/pyright

format: $(READY)  ## Format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

index: $(READY)  ## Rebuild the index of the word lists after a change of languages.ini
	$(BIN)/python -m scripts.index

bench: $(READY)  ## Measure speed; fail if a figure is above its limit
	$(BIN)/python -m benchmarks

chaos: $(READY)  ## Kill hundreds of test runs; fail if a number stays rented
	$(BIN)/python -m chaos $(ARGS)

widgets: $(READY) browser  ## Try fill_code and fill_phone on real widgets in real browsers
	@scripts/widgets.sh
	@scripts/firefox.sh
	$(BIN)/python -m widgets $(ARGS)

fuzz: $(READY)  ## Feed invented input to the parsers for 10 minutes; fail if one breaks
	@scripts/fuzz.sh
	$(BIN)/python -m fuzz $(ARGS)

neighbours: $(READY)  ## Run the plugin beside other plugins and libraries, each in a run of its own
	@scripts/neighbours.sh
	$(BIN)/python -m pytest tests/neighbours -o norecursedirs=.* -n $(WORKERS) $(ARGS)

applications: $(READY)  ## Run applications and SMS clients of others against the gateway, and write their table
	@scripts/applications.sh
	$(BIN)/python -m pytest tests/applications -o norecursedirs=.* -n $(WORKERS) $(ARGS)

audit: $(READY)  ## List the licences of what a user installs, and its known vulnerabilities (needs the network)
	@scripts/audit.sh

leaks: $(READY)  ## Search hundreds of failing tests and all that they write for secrets; fail if there is one
	$(BIN)/python -m leaks $(ARGS)

docs: $(READY)  ## Build the documentation into site/
	$(BIN)/mkdocs build --strict --quiet
	@echo "The documentation is in site/index.html"

tox: $(READY) browser node  ## Run the suite on each installed Python, with the lowest and newest versions
	scripts/tox.sh $(ARGS)

browser:
	@scripts/browser.sh

node:
	@scripts/node.sh

build: $(READY)  ## Build the wheel and the source archive into dist/, the same bytes each time
	$(BIN)/python -m hatchling build

clean:  ## Remove everything that these targets create
	rm -rf .venv .neighbours .applications tests/applications/node_modules .node .widgets .tox build dist site demo-report fuzz/findings .audit .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(READY): pyproject.toml scripts/venv.sh
	@scripts/venv.sh
	@touch $@
