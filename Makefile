# Everything a person does with this repository. `make help` lists it.

.DEFAULT_GOAL := help
BIN := .venv/bin
PIP_AUDIT_VERSION := 2.10.1
STORE_TESTS := tests/contract/test_event_store_contract.py tests/contract/test_job_inspection_contract.py \
	tests/contract/test_job_queue_contract.py tests/integration/test_ledger_schema_invariants.py
SOURCES := src tests bench demo harness loadtest scripts infra

# Python keeps what it compiles, even where the environment forbids it: a run of the tests starts hundreds of processes, and pytest
# takes longer to rewrite the asserts of all modules than to collect them.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help
help: ## list what there is
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1 \t/' | expand -t 20

.PHONY: demo
demo: .venv/runtime ## start everything with the PSP sandbox, take payments, show them move
	@$(BIN)/python -m demo

.PHONY: aws-local
aws-local: .venv/dev ## the demo over an emulator of AWS: jobs by SQS, events to Kinesis, files in S3, login at Cognito, functions of Lambda ...
	@$(BIN)/python -m demo.aws

.PHONY: up
up: .venv/runtime ## run FinCore: every role, on the embedded PostgreSQL unless told otherwise
	@$(BIN)/fincore up

.PHONY: monitoring
monitoring: .venv/runtime ## run Prometheus and Alertmanager beside `make up`, and print alerts (MONITORING="--webhook=...": tell others, too)
	@sh scripts/install_monitoring.sh
	@$(BIN)/fincore monitoring run $(MONITORING)

.PHONY: setup
setup: .venv/dev ## install what development needs, and the git hooks
	@$(BIN)/pre-commit install --hook-type pre-commit --hook-type commit-msg

.PHONY: dev
ROLE ?= api
dev: .venv/dev ## run one role (ROLE=api), and start it again whenever a source file changes
	@$(BIN)/fincore migrate
	@$(BIN)/watchfiles --filter python --sigint-timeout 10 "$(BIN)/fincore run $(ROLE)" src/fincore

# More than two processors: tests of processes and of PostgreSQL spend much of their time waiting.
TEST_PROCESSES ?= 4

.PHONY: test
test: .venv/dev ## run every test (TEST_PROCESSES=4: side by side in so many processes)
	@tests/npm_install.sh tests/openapi_tools/linters || [ $$? = 3 ]
	@tests/npm_install.sh web/sdk || [ $$? = 3 ]
	@tests/npm_install.sh web/dashboard || [ $$? = 3 ]
	@tests/npm_install.sh tests/grafana_types || [ $$? = 3 ]
	@tests/browser/install.sh || [ $$? = 3 ]
	@tests/install_redis.sh || [ $$? = 3 ]
	$(BIN)/pytest -n $(TEST_PROCESSES) --dist loadfile --no-loadscope-reorder -m "not long"

.PHONY: test-fast
test-fast: .venv/dev ## run the tests that need no PostgreSQL: under a minute on two quiet cores
	$(BIN)/pytest -q -n 2 tests/unit tests/architecture tests/docs/test_docs.py tests/docs/test_glossary.py

.PHONY: test-stores
test-stores: .venv/dev ## test the stores on the PostgreSQL that FINCORE_TEST_DSN names
	@: $${FINCORE_TEST_DSN:?set it to a PostgreSQL that nothing else uses, with the rights of a superuser}
	$(BIN)/pytest -q -n 0 $(STORE_TESTS)

.PHONY: test-long
test-long: .venv/dev ## run the tests that take minutes, or tools that few need
	@tests/npm_install.sh tests/openapi_tools/clients || [ $$? = 3 ]
	FINCORE_TEST_EXAMPLES=all $(BIN)/pytest -n 2 --dist loadfile -m long
	FINCORE_TEST_EXAMPLES=all $(BIN)/pytest -n 2 --dist loadfile -m "sampled and not long"

.PHONY: chaos
chaos: .venv/dev ## let everything go wrong under load, then compare every charge
	CHAOS_ROUNDS=$${CHAOS_ROUNDS:-3} $(BIN)/pytest -q -s -n 0 -m long tests/chaos

.PHONY: web
web: ## build what web/ holds into the package, where it is committed
	@tests/npm_install.sh web/sdk
	@cd web/sdk && npm run --silent check && npm run --silent build
	@tests/npm_install.sh web/dashboard
	@cd web/dashboard && npm run --silent check && npm run --silent build

.PHONY: infra
infra: .venv/infra/made ## write the CloudFormation templates of the examples anew, without a network (INFRA="FILE FOLDER": of your installation)
	@JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION=1 .venv/infra/bin/python -m infra $(INFRA)

.PHONY: lint
lint: .venv/dev ## format, lint, types, import arrows
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/mypy
	$(BIN)/lint-imports

.PHONY: check
check: lint test-fast ## what lint and test-fast do

.PHONY: format
format: .venv/dev ## format the code and mend what the linter can
	$(BIN)/ruff format $(SOURCES)
	$(BIN)/ruff check --fix $(SOURCES)

.PHONY: bench
bench: .venv/dev ## measure, each figure beside its reference in the same run
	@$(BIN)/python -m bench

.PHONY: load
load: .venv/dev ## load a whole FinCore for three minutes, watch it, compare every charge: var/load (LOAD="--rate=50": other options)
	@$(BIN)/python -m loadtest run $(LOAD)

.PHONY: load-bundle
load-bundle: .venv/dev ## write the load as a zip for AWS Distributed Load Testing (LOAD="--url=https://pay.example --tasks=4")
	@$(BIN)/python -m loadtest bundle $(LOAD)

.PHONY: profile
profile: .venv/dev ## profile the API's process while it accepts charges: var/profile/accept.html
	@$(BIN)/python -m bench.accept_profile

.PHONY: audit
audit: .venv/dev ## look for known weaknesses in the packages of uv.lock
	@$(BIN)/uv export --quiet --frozen --all-packages --no-emit-workspace --format requirements.txt --output-file .venv/locked.txt
	@$(BIN)/uv tool run --quiet pip-audit@$(PIP_AUDIT_VERSION) --requirement .venv/locked.txt --require-hashes --disable-pip --strict

.PHONY: release
release: .venv/dev ## check, build into dist/ and tag what is committed; push nothing (NO_TAG=1: no tag)
	@$(BIN)/python scripts/release.py $(if $(NO_TAG),--no-tag)

.PHONY: clean
clean: ## remove what was installed and the embedded data
	rm -rf tests/openapi_tools/*/node_modules tests/*/node_modules web/*/node_modules
	rm -rf .venv var .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

.venv/infra/made: pyproject.toml uv.lock | .venv/dev
	@UV_PROJECT_ENVIRONMENT=.venv/infra $(BIN)/uv sync --quiet --frozen --no-default-groups --group infra
	@touch $@

.venv/runtime: pyproject.toml src/psp_sandbox/pyproject.toml uv.lock
	@sh scripts/setup.sh --no-dev
	@touch $@

.venv/dev: pyproject.toml src/psp_sandbox/pyproject.toml uv.lock
	@sh scripts/setup.sh
	@touch $@ .venv/runtime
