# Needs python3 (3.11 or newer) and make; everything else goes into .venv.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/installed

.DEFAULT_GOAL := help
.PHONY: help install demo test soak check bench format requirements clean

help: ## Show what can be made.
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: $(STAMP) ## Make .venv with everything pinned; does nothing where that is done.

$(STAMP): requirements/dev.txt pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@# The list is complete: looking for more, pip would stumble over releases newer than it.
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements/dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: install ## Show the bot on a simulated Discord at 127.0.0.1:8642.
	$(BIN)/lab-herald demo

test: install ## Run the whole suite.
	$(BIN)/python -m pytest --cov --cov-report=term:skip-covered -q
	@# Every branch of the catalogue and of the feeds' way into it is tested; some of them in child
	@# processes that are killed before they tell, hence not 100.
	$(BIN)/python -m coverage report --include='storage/*,bot/feeds/*' --fail-under=99

soak: install ## Kill the bot 200 times and count what is lost; let 300 random moderators at a list.
	$(BIN)/python -m pytest tests/faults --crash-runs 200 -q -s
	$(BIN)/python -m pytest tests/storage/test_random_moderators.py --moderator-runs 300 -q

check: install ## Format, lint, types, import rules and tests.
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(MAKE) test

bench: install ## Measure what is claimed of speed and size; see benchmarks/README.md.
	$(BIN)/python -m benchmarks

format: install ## Format the code and mend what the linter can.
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

requirements: ## Compile requirements/*.txt anew; needs uv.
	for set in run: demo:demo dev:demo,dev; do \
	  extras=$$(echo "$${set#*:}" | tr ',' '\n' | sed 's/^./--extra &/'); \
	  { echo "# Compiled by make requirements."; \
	    uv pip compile pyproject.toml $$extras --quiet --universal --python-version 3.11 --generate-hashes \
	      --no-annotate --no-header --no-emit-index-url --no-emit-find-links --no-emit-package lab-herald; \
	  } > requirements/$${set%%:*}.txt || exit 1; \
	done

clean: ## Remove what was made, .venv too.
	rm -rf .venv build dist *.egg-info .coverage .coverage.* .pytest_cache .mypy_cache .ruff_cache .hypothesis
