# wiresec.ontap: everything a developer calls. Each target sets up what it needs.
#
#   PYTHON   the interpreter that a new environment is made with, 3.11 or newer
#   ARGS     further arguments for the program behind a target:  make unit ARGS="-k netmask"
#   COVERAGE=true   measures what the tests of `make test` reach, and holds it against its limit; half as slow again

PYTHON ?= python3
ARGS ?=
COVERAGE ?=

# Nothing of the caller's environment gets into what is started here, see tests/environment.py. Neither may what changes
# Python itself, for that comes too late there.
unexport $(filter-out PYTHON,$(filter PYTHON%,$(.VARIABLES)))
ISOLATED := tests/environment.py
RUN := .venv/bin/python $(ISOLATED)
WORKERS := -n auto --dist loadgroup
PYTEST := $(RUN) python -m pytest $(WORKERS)

# Some targets at a time, and what each prints in one piece where this make can do that.
SIDE_BY_SIDE := $(MAKE) --silent --no-print-directory $(if $(filter output-sync,$(.FEATURES)),--output-sync=target)

LINT = echo "== lint: ruff, mypy, codespell, yamllint, ansible-lint, documentation, changelog fragments, licences, workflows" && \
  $(SIDE_BY_SIDE) -j2 lint-ansible lint-plugins lint-types lint-code lint-texts

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo demo-gitops demo-clients test check lint lint-code lint-types lint-ansible lint-plugins lint-texts pytest unit integration \
  conformance hosts negotiate eda docs pythons archive sanity certification faults compared bench bench-both-ends build pictures \
  format simulator clean

help:  ## list the targets
	@echo "usage: make TARGET [ARGS=...] [PYTHON=python3.12]"
	@echo
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-16s%s\n", $$1, $$2 }' Makefile

demo: .venv/.ready  ## show the collection at work, on a simulated array
	@$(RUN) python tests/demo/run.py $(ARGS)

demo-gitops: .venv/.ready  ## play the week of docs/gitops.md: simulated arrays, and their policies in Git
	@$(RUN) python tests/demo/week.py

demo-clients: .venv/.ready  ## show an array and two clients from one repository, and real packets between them; Debian, no root
	@$(RUN) python tests/demo/clients.py

# --- what must pass before a change lands ---------------------------------------------------------------------------

test: .venv/.ready  ## run the linters, and every test once, on all cores: what to call while you work
	@$(LINT) .venv-conformance/.ready
	@echo "== tests: units, the simulator, playbooks against it, third-party clients against it"
	@rm -rf .coverage-data
	@$(if $(COVERAGE),$(RUN) coverage run -m pytest $(WORKERS) $(ARGS),$(PYTEST) $(ARGS))
	@$(if $(COVERAGE),$(RUN) coverage combine --quiet && $(RUN) coverage report)

# The longest first. Two keep two cores busy, and the third does while one of them waits: for packages, for a daemon, or for
# its last worker.
check: COVERAGE = true
check: test  ## run every gate, with every test once: what must pass before a change lands
	@$(SIDE_BY_SIDE) -j3 negotiate sanity hosts archive pythons eda docs

lint: .venv/.ready  ## run the linters
	@$(LINT)

lint-code:
	@$(RUN) ruff check --quiet --output-format concise .
	@$(RUN) ruff format --check --quiet . || $(RUN) ruff format --diff --quiet .

lint-types:
	@$(RUN) mypy --no-error-summary

lint-ansible:
	@$(RUN) ansible-lint -q

lint-plugins:
	@$(RUN) antsibull-docs lint-collection-docs --plugin-docs .

lint-texts:
	@git ls-files -z --cached --others --exclude-standard | $(RUN) xargs -0 codespell
	@$(RUN) yamllint --strict .
	@$(RUN) antsibull-changelog lint
	@$(RUN) reuse lint --quiet || $(RUN) reuse lint --lines
	@$(RUN) check-jsonschema --quiet --builtin-schema vendor.github-workflows .github/workflows/*.yml

pytest: .venv/.ready .venv-conformance/.ready  ## run tests alone, those that ARGS selects: make pytest ARGS="-k ipsec_config"
	@$(PYTEST) $(ARGS)

unit: .venv/.ready  ## test the layers of the collection, and the simulator, each alone
	@$(PYTEST) tests/unit tests/simulator/tests $(ARGS)

integration: .venv/.ready .venv-conformance/.ready  ## run playbooks against the simulator
	@$(PYTEST) tests/integration $(ARGS)

conformance: .venv/.ready .venv-conformance/.ready  ## drive the simulator with third-party clients
	@$(PYTEST) tests/conformance $(ARGS)

hosts: .venv/.ready  ## run the role ipsec_client on hosts with real daemons, which takes Debian and some minutes
	@echo "== hosts"
	@$(PYTEST) -o faulthandler_timeout=840 tests/hosts -rs $(ARGS)

eda: .venv/.ready .venv-eda/.ready  ## let a simulated array send events to ansible-rulebook, which takes Java 17
	@echo "== eda"
	@$(PYTEST) tests/eda -rs -n0 $(ARGS)

negotiate: .venv/.ready  ## let real daemons, in a Linux of their own, load what is rendered for clients; no root needed
	@echo "== negotiate"
	@$(RUN) python -m pytest -n0 -rs --timeout 1200 -o faulthandler_timeout=1500 tests/negotiate $(ARGS)

pythons:  ## run tests/unit by ansible-test on each other Python that modules may run on
	@$(CHECK_PYTHON)
	@echo "== pythons"
	@PYTHONPATH=tests $(PYTHON) -m gates.ansible_test units $(ARGS)

archive: .venv/.ready  ## build the archive, install it offline in a bare environment, and run it on each Python
	@echo "== archive"
	@$(RUN) python -m pytest tests/archive -rsx $(ARGS)

sanity:  ## run ansible-test sanity on every supported release of ansible-core, and on the coming one
	@$(CHECK_PYTHON)
	@echo "== sanity"
	@PYTHONPATH=tests $(PYTHON) -m gates.ansible_test sanity $(ARGS)

certification: sanity  ## run what Red Hat's partner certification checker runs, with its releases (docs/certification.md)
	@$(CHECK_PYTHON)
	@echo "== certification"
	@PYTHONPATH=tests $(PYTHON) -m gates.certification

# --- helpers --------------------------------------------------------------------------------------------------------

bench-both-ends: .venv/.ready  ## print what a change of both ends costs whoever is connected (docs/both_ends.md)
	@$(RUN) python benchmarks/both_ends.py $(ARGS)

build: .venv/.ready  ## build the archive in dist; ARGS=--release refuses what is no release
	@$(RUN) env PYTHONPATH=tests python -m gates.archive $(ARGS)

faults: .venv/.ready  ## print what becomes of a task when a fault meets one of its requests (docs/faults.md)
	@$(RUN) env PYTHONPATH=.venv:tests python -m support.fault_matrix

compared: .venv/.ready .venv-conformance/.ready  ## print the same for netapp.ontap, side by side (docs/faults_compared.md)
	@$(RUN) env PYTHONPATH=.venv:tests python -m support.fault_comparison

bench: .venv/.ready  ## print what the collection costs, in seconds, requests and connections (benchmarks/README.md)
	@$(RUN) python benchmarks/run.py $(ARGS)

pictures: .venv/.ready  ## draw the terminals of the documentation anew, from real runs; make pictures ARGS=plan
	@$(RUN) python tests/demo/pictures.py $(ARGS)

format: .venv/.ready  ## let ruff rewrite what it can
	@$(RUN) ruff check --quiet --fix . || true
	@$(RUN) ruff format .

simulator: .venv/.ready  ## start the simulated array; it runs until Ctrl-C
	@$(RUN) python tests/simulator $(ARGS)

docs: .venv/.ready .venv-docs/.ready  ## build the documentation site into build/site; warnings and dead links are errors
	@echo "== docs"
	@$(RUN) .venv-docs/bin/python docs/site/build.py

clean:  ## remove the environments and caches that the other targets made
	rm -rf build .venv .venv-* .ansible .coverage-data .hypothesis .mypy_cache .pytest_cache .ruff_cache dist tests/output
	find plugins tests -name __pycache__ -prune -exec rm -rf {} +

# --- environments: made once, and anew when their requirements change -------------------------------------------------

# With the caller's proxies and sources of packages, and nothing else of the caller's.
ONLINE := $(PYTHON) $(ISOLATED) --online

CHECK_PYTHON := $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
  echo "Python 3.11 or newer is needed, and $(PYTHON) is not that; name another: make PYTHON=python3.12" >&2; exit 1; }

# Code is compiled where it is imported, because most of it never is.
.venv/.ready: requirements.txt tests/requirements.txt
	@$(CHECK_PYTHON)
	@echo "== setting up .venv (it takes some minutes)"
	@$(ONLINE) $(PYTHON) -m venv --clear .venv
	@$(ONLINE) .venv/bin/python -m pip install -qq --no-compile -r tests/requirements.txt
	@mkdir -p .venv/ansible_collections/wiresec
	@ln -sfn ../../.. .venv/ansible_collections/wiresec/ontap
	@touch $@

# The others have no pip, which is more work to install than most of what they need.
ENVIRONMENT = $(ONLINE) $(PYTHON) -m venv --clear --without-pip $(@D) && \
  $(ONLINE) .venv/bin/python -m pip --python $(@D)/bin/python install -qq --no-compile -r $<

.venv-conformance/.ready: tests/conformance/requirements.txt | .venv/.ready
	@$(CHECK_PYTHON)
	@echo "== setting up .venv-conformance (it takes some minutes)"
	@$(ENVIRONMENT)
	@touch $@

.venv-eda/.ready: tests/eda/requirements.txt | .venv/.ready
	@$(CHECK_PYTHON)
	@echo "== setting up .venv-eda (it takes some minutes)"
	@$(ENVIRONMENT)
	@touch $@

.venv-docs/.ready: docs/site/requirements.txt | .venv/.ready
	@$(CHECK_PYTHON)
	@echo "== setting up .venv-docs (it takes some minutes)"
	@$(ENVIRONMENT)
	@touch $@
