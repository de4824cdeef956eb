# wiresec.ontap: everything a developer calls. Each target sets up what it needs.
#
#   PYTHON   the interpreter that a new environment is made with, 3.11 or newer
#   ARGS     further arguments for the program behind a target:  make unit ARGS="-k netmask"

PYTHON ?= python3
ARGS ?=

# Ansible finds the collection through a link in the environment, so the checkout may lie in any folder.
export ANSIBLE_COLLECTIONS_PATH := $(CURDIR)/.venv

# Programs of the environment see each other; `make` itself and $(PYTHON) do not.
IN_VENV := PATH="$(CURDIR)/.venv/bin:$$PATH"
PYTEST := $(IN_VENV) python -m pytest

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo demo-gitops test check lint unit integration conformance coverage pythons archive sanity \
  faults compared bench build format simulator docs clean

help:  ## list the targets
	@echo "usage: make TARGET [ARGS=...] [PYTHON=python3.12]"
	@echo
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' Makefile

demo: .venv/.ready  ## show the collection at work, on a simulated array
	@$(IN_VENV) python tests/demo/run.py $(ARGS)

demo-gitops: .venv/.ready  ## play the week of docs/gitops.md: three simulated arrays, 300 policies in Git
	@$(IN_VENV) python tests/demo/week.py

# --- what must pass before a change lands ---------------------------------------------------------------------------

test: lint unit integration conformance  ## run the linters and all tests, in minutes: what to call while you work

# coverage runs the tests of integration
check: lint unit coverage conformance docs pythons archive sanity  ## run every gate: what must pass before a change lands

lint: .venv/.ready  ## run the linters
	@echo "== lint: ruff, mypy, codespell, yamllint, ansible-lint, documentation, changelog fragments, licences, workflows"
	@$(IN_VENV) ruff check --quiet --output-format concise .
	@$(IN_VENV) ruff format --check --output-format concise .
	@$(IN_VENV) mypy --no-error-summary
	@git ls-files -z --cached --others --exclude-standard | $(IN_VENV) xargs -0 codespell
	@$(IN_VENV) yamllint --strict .
	@$(IN_VENV) ansible-lint -q
	@$(IN_VENV) antsibull-docs lint-collection-docs --plugin-docs .
	@$(IN_VENV) antsibull-changelog lint
	@$(IN_VENV) reuse lint --quiet || $(IN_VENV) reuse lint --lines
	@$(IN_VENV) check-jsonschema --quiet --builtin-schema vendor.github-workflows .github/workflows/*.yml

unit: .venv/.ready  ## test the layers of the collection, and the simulator, each alone
	@echo "== unit"
	@$(PYTEST) tests/unit tests/simulator/tests $(ARGS)

integration: .venv/.ready  ## run playbooks against the simulator
	@echo "== integration"
	@$(PYTEST) tests/integration $(ARGS)

conformance: .venv/.ready .venv-conformance/.ready  ## drive the simulator with third-party clients
	@echo "== conformance"
	@CONFORMANCE_PYTHON="$(CURDIR)/.venv-conformance/bin/python" $(PYTEST) tests/conformance $(ARGS)

coverage: .venv/.ready  ## run tests/unit and integration, and hold how much of the plugins they reach
	@echo "== coverage"
	@rm -rf .coverage-data
	@$(IN_VENV) coverage run -m pytest tests/unit tests/integration $(ARGS)
	@$(IN_VENV) coverage combine --quiet
	@$(IN_VENV) coverage report

pythons:  ## run tests/unit by ansible-test on each Python that modules may run on
	@$(CHECK_PYTHON)
	@echo "== pythons"
	@PYTHONPATH=tests $(PYTHON) -m gates.ansible_test units $(ARGS)

archive: .venv/.ready  ## build the archive, install it offline in a bare environment, and run it on each Python
	@echo "== archive"
	@$(PYTEST) tests/archive -rs $(ARGS)

sanity:  ## run ansible-test sanity on every supported release of ansible-core
	@$(CHECK_PYTHON)
	@echo "== sanity"
	@PYTHONPATH=tests $(PYTHON) -m gates.ansible_test sanity $(ARGS)

# --- helpers --------------------------------------------------------------------------------------------------------

build: .venv/.ready  ## build the archive in dist; ARGS=--release refuses what is no release
	@$(IN_VENV) PYTHONPATH=tests python -m gates.archive $(ARGS)

faults: .venv/.ready  ## print what becomes of a task when a fault meets one of its requests (docs/faults.md)
	@$(IN_VENV) PYTHONPATH=.venv:tests python -m integration.fault_matrix

compared: .venv/.ready .venv-conformance/.ready  ## print the same for netapp.ontap, side by side (docs/faults_compared.md)
	@CONFORMANCE_PYTHON="$(CURDIR)/.venv-conformance/bin/python" $(IN_VENV) PYTHONPATH=.venv:tests \
	  python -m conformance.fault_comparison

bench: .venv/.ready  ## print what the collection costs, in seconds, requests and connections (benchmarks/README.md)
	@$(IN_VENV) python benchmarks/run.py $(ARGS)

format: .venv/.ready  ## let ruff rewrite what it can
	@$(IN_VENV) ruff check --quiet --fix . || true
	@$(IN_VENV) ruff format .

simulator: .venv/.ready  ## start the simulated array; it runs until Ctrl-C
	@$(IN_VENV) exec python tests/simulator $(ARGS)

docs: .venv-docs/.ready  ## build the documentation site into build/site; warnings and dead links are errors
	@echo "== docs"
	@.venv-docs/bin/python docs/site/build.py

clean:  ## remove the environments and caches that the other targets made
	rm -rf build .venv .venv-* .ansible .coverage-data .hypothesis .mypy_cache .pytest_cache .ruff_cache dist tests/output
	find plugins tests -name __pycache__ -prune -exec rm -rf {} +

# --- environments: made once, and anew when their requirements change -------------------------------------------------

PIP_INSTALL := bin/python -m pip --disable-pip-version-check install -qq

CHECK_PYTHON := $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
  echo "Python 3.11 or newer is needed, and $(PYTHON) is not that; name another: make PYTHON=python3.12" >&2; exit 1; }

.venv/.ready: requirements.txt tests/requirements.txt
	@$(CHECK_PYTHON)
	@echo "== setting up .venv (about a minute)"
	@$(PYTHON) -m venv --clear .venv
	@.venv/$(PIP_INSTALL) -r tests/requirements.txt
	@mkdir -p .venv/ansible_collections/wiresec
	@ln -sfn ../../.. .venv/ansible_collections/wiresec/ontap
	@touch $@

.venv-conformance/.ready: tests/conformance/requirements.txt
	@$(CHECK_PYTHON)
	@echo "== setting up .venv-conformance (about a minute)"
	@$(PYTHON) -m venv --clear .venv-conformance
	@.venv-conformance/$(PIP_INSTALL) -r tests/conformance/requirements.txt
	@touch $@

.venv-docs/.ready: docs/site/requirements.txt
	@$(CHECK_PYTHON)
	@echo "== setting up .venv-docs (about a minute)"
	@$(PYTHON) -m venv --clear .venv-docs
	@.venv-docs/$(PIP_INSTALL) -r docs/site/requirements.txt
	@touch $@
