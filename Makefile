# Needs Python 3.11 or newer and make; everything else is installed into .venv.
PYTHON ?= python3
BIN := .venv/bin
# The requirements are complete and hashed, so pip needn't resolve anything.
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps
DEV := .venv/dev-installed
DEMO := .venv/demo-installed
# What `make quick` runs but for tests marked as slow: the storage layer, and the parts of the bot
# that need no Discord.
QUICK := tests/storage tests/bot/charts tests/bot/formats tests/bot/ui tests/bot/test_settings.py tests/bot/test_markdown.py \
         tests/bot/feeds/test_parser.py tests/bot/feeds/test_schedule.py

# Tests start many processes, which would compile every module again.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo install quick test soak docs screenshots check bench format requirements clean

help: ## List the targets.
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(DEMO) ## Run the bot on a simulated Discord at http://127.0.0.1:8642.
	$(BIN)/python -m bot demo

install: $(DEV) ## Install lab-herald and all development tools into .venv.

$(DEMO): requirements/demo.txt
	@echo "Installing what the demo needs. This takes about a minute the first time."
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(PIP) --require-hashes --requirement requirements/demo.txt
	@touch $@

$(DEV): requirements/dev.txt pyproject.toml
	@echo "Installing lab-herald and its development tools. This takes a minute or two the first time."
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(PIP) --require-hashes --requirement requirements/dev.txt
	@$(PIP) --no-build-isolation --editable .
	@# dev.txt includes everything in demo.txt, in the same versions.
	@touch $(DEMO) $@

quick: install ## Run the tests of storage and of the pure parts (about a minute).
	$(BIN)/python -m pytest --numprocesses logical -m 'not slow' --moderator-runs 3 $(QUICK)

test: install ## Run all tests, and check that storage and feeds are covered.
	$(BIN)/python -m pytest --numprocesses logical --cov --cov-report=
	@# Not 100: some branches run only in child processes, which aren't measured.
	$(BIN)/python -m coverage report --fail-under=99

soak: install ## Kill the bot 200 times, restore 200 backups, run 300 random moderators and 30 minutes of traffic.
	$(BIN)/python -m pytest tests/faults --crash-runs 200 --restores 200 --capture=no
	$(BIN)/python -m pytest tests/storage/test_random_moderators.py --moderator-runs 300
	$(BIN)/python -m pytest tests/soak --traffic-minutes 30 --capture=no

docs: install ## Build the docs site in build/site; warnings are errors.
	@# The theme's notice about its successor isn't about our pages.
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict

screenshots: install ## Take the docs' screenshots from the demo; needs Chromium.
	$(BIN)/python -m docs.screenshots

check: install docs ## Check format, lint, types, import rules and docs, then run all tests.
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(MAKE) test

bench: install ## Measure speed and size against their goals; see benchmarks/README.md.
	$(BIN)/python -m benchmarks

format: install ## Format the code and fix what the linter can fix.
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

requirements: ## Compile requirements/*.txt again; needs uv.
	for set in run: demo:demo dev:demo,dev; do \
	  extras=$$(echo "$${set#*:}" | tr ',' '\n' | sed 's/^./--extra &/'); \
	  { echo "# Compiled by make requirements."; \
	    uv pip compile pyproject.toml $$extras --quiet --universal --python-version 3.11 --generate-hashes \
	      --no-annotate --no-header --no-emit-index-url --no-emit-find-links --no-emit-package lab-herald; \
	  } > requirements/$${set%%:*}.txt || exit 1; \
	done

clean: ## Remove .venv and everything else that was built.
	rm -rf .venv build dist *.egg-info .coverage .coverage.* .pytest_cache .mypy_cache .ruff_cache .hypothesis
