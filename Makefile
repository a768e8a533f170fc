# Two commands on a fresh machine: `make demo` and `make test`. Both prepare .venv by themselves.
MANAGE := .venv/bin/python manage.py
UV := .venv/bin/python -m uv
COMPILE := pip compile --quiet --universal --python-version 3.11 --fork-strategy requires-python --generate-hashes \
	--no-emit-index-url --no-header

.PHONY: help demo test test-all bench crash fuzz lint lock schema reset format
.DEFAULT_GOAL := help

help:  ## list what make can do here
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' Makefile | expand -t 18

demo:  ## serve Switchboard with real public data and two tenants (PORT=8000)
	@requirements/install runtime && exec $(MANAGE) up --demo $(ARGS)

test:  ## run the tests, in random order and in parallel (ARGS="tests/directory -k bic")
	@requirements/install dev && exec .venv/bin/python -m pytest -n 2 $(ARGS)

test-all:  ## install what the tests of browser, poolers and clients need (Debian, as root), then run all tests
	@requirements/install-browser
	@requirements/install-node
	@requirements/install-pooler
	@$(MAKE) --no-print-directory test

bench:  ## compare the speed of this with that, by number or name (NAME=P7, NAME=create_tenant)
	@requirements/install dev && exec .venv/bin/python -m tests.benchmarks $(NAME)

crash:  ## kill server and database while they write, and look at what is left (ROUNDS=50)
	@requirements/install dev && ROUNDS=$(or $(ROUNDS),50) exec .venv/bin/python -m pytest -s -m crash tests/journeys/test_crashes.py $(ARGS)

fuzz:  ## call every operation with what its document allows, and nearly allows (MINUTES=5)
	@requirements/install dev && FUZZ_MINUTES=$(or $(MINUTES),5) exec .venv/bin/python -m pytest -n 0 -s tests/fuzz $(ARGS)

lint:  ## run all that reads the code without running it
	@requirements/install dev && exec .ci/lint

format:  ## rewrite the code in the house's layout
	@requirements/install dev && .venv/bin/ruff format . && .venv/bin/ruff check --fix-only . && \
		.venv/bin/djlint --quiet --reformat templates

lock:  ## renew requirements/*.txt from pyproject.toml (ARGS=--upgrade, ARGS="--upgrade-package django")
	@requirements/install dev
	@$(UV) $(COMPILE) $(ARGS) pyproject.toml --output-file requirements/runtime.txt
	@$(UV) $(COMPILE) $(ARGS) pyproject.toml --group dev --constraints requirements/runtime.txt \
		--output-file requirements/dev.txt
	@echo uv | $(UV) $(COMPILE) $(ARGS) - --output-file requirements/uv.txt

schema:  ## renew the OpenAPI documents in docs/openapi
	@requirements/install dev && exec .ci/openapi write

reset:  ## remove the embedded database, after asking (FORCE=1 does not ask)
	@requirements/install runtime && exec $(MANAGE) reset $(if $(FORCE),--no-input)
