# Everything a person does with this repository. `make help` lists it.

.DEFAULT_GOAL := help
BIN := .venv/bin
SOURCES := src tests bench demo harness scripts

.PHONY: help
help: ## list what there is
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1 \t/' | expand -t 18

.PHONY: demo
demo: .venv/runtime ## start everything with the PSP sandbox, take payments, show them move
	@$(BIN)/python -m demo

.PHONY: up
up: .venv/runtime ## run FinCore: every role, on the embedded PostgreSQL unless told otherwise
	@$(BIN)/fincore up

.PHONY: test
test: .venv/dev ## run every test
	@tests/openapi_tools/install.sh linters || [ $$? = 3 ]
	$(BIN)/pytest -n 3 --dist loadfile --no-loadscope-reorder -m "not long"

.PHONY: test-long
test-long: .venv/dev ## run the tests that take minutes, or tools that few need
	@tests/openapi_tools/install.sh clients || [ $$? = 3 ]
	$(BIN)/pytest -n 2 --dist loadfile -m long

.PHONY: chaos
chaos: .venv/dev ## let everything go wrong under load, then compare every charge
	CHAOS_ROUNDS=$${CHAOS_ROUNDS:-3} $(BIN)/pytest -q -s -n 0 -m long tests/chaos

.PHONY: lint
lint: .venv/dev ## format, lint, types, import arrows
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/mypy
	$(BIN)/lint-imports

.PHONY: check
check: lint ## what lint does, and the tests that need no server
	$(BIN)/pytest -q tests/unit tests/architecture

.PHONY: format
format: .venv/dev ## format the code and mend what the linter can
	$(BIN)/ruff format $(SOURCES)
	$(BIN)/ruff check --fix $(SOURCES)

.PHONY: bench
bench: .venv/dev ## measure, each figure beside its reference in the same run
	@$(BIN)/python -m bench

.PHONY: release
release: .venv/dev ## check, build into dist/ and tag what is committed; push nothing (NO_TAG=1: no tag)
	@$(BIN)/python scripts/release.py $(if $(NO_TAG),--no-tag)

.PHONY: clean
clean: ## remove what was installed and the embedded data
	rm -rf tests/openapi_tools/*/node_modules
	rm -rf .venv var .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

.venv/runtime: pyproject.toml src/psp_sandbox/pyproject.toml uv.lock
	@sh scripts/setup.sh --no-dev
	@touch $@

.venv/dev: pyproject.toml src/psp_sandbox/pyproject.toml uv.lock
	@sh scripts/setup.sh
	@touch $@ .venv/runtime
