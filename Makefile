# What one does with the project, by one word each; CONTRIBUTING.md says more.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.NOTPARALLEL:
.DELETE_ON_ERROR:

HOST ?= 127.0.0.1
PORT ?= 8080
CATALOG ?= catalog.yaml
S3 ?=
IMAGE ?= tileserver
ENGINE ?= docker
PYTEST_ARGS ?=
BENCH_ARGS ?=

VENV := .venv
BIN := $(VENV)/bin
UV := $(BIN)/uv
DATA := demo-data
# The package as it is once installed: `tileserver` with `colormaps` and `web` inside it. Tools that
# look for modules on disk and know nothing of package-dir mappings run on this tree of links.
PACKAGE := build/package

# The first interpreter that is new enough: a Debian calls it python3, others have several.
PYTHON ?= $(shell for name in python3.11 python3.12 python3.13 python3; do \
	"$$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2> /dev/null && echo "$$name" && break; done)

.PHONY: help demo serve test check bench image lock clean chromium qgis package

help:
	@echo 'make demo    set everything up and serve four demo cubes (S3=1: from an S3 server; HOST= PORT=)'
	@echo 'make serve   serve your own catalogue (CATALOG= HOST= PORT=)'
	@echo 'make test    all tests (PYTEST_ARGS=)'
	@echo 'make check   formatting, types, import layers, the viewer too'
	@echo 'make bench   the benchmark against other servers, into docs/performance.md (BENCH_ARGS=)'
	@echo 'make image   the container image (IMAGE= ENGINE=)'
	@echo 'make lock    resolve the Python dependencies anew'
	@echo 'make clean   remove all that these targets have made'

demo: $(VENV)/.runtime web/vendor/.stamp $(DATA)/.stamp
ifeq ($(S3),)
	@exec $(BIN)/tileserver serve --catalog $(DATA)/catalog.yaml --host $(HOST) --port $(PORT)
else
	@exec $(BIN)/python -m tests.s3.demo $(DATA) --host $(HOST) --port $(PORT)
endif

serve: $(VENV)/.runtime web/vendor/.stamp
	@exec $(BIN)/tileserver serve --catalog $(CATALOG) --host $(HOST) --port $(PORT)

# Pytest's own word for "no test was chosen".
ifnone = test $$? -eq 5

test: $(VENV)/.dev web/vendor/.stamp helm/node_modules/.stamp chromium qgis
	$(BIN)/python -m pytest -m 'not paced' --numprocesses auto --dist loadfile $(PYTEST_ARGS) || $(ifnone)
	$(BIN)/python -m pytest -m paced $(PYTEST_ARGS) || $(ifnone)
	npm --prefix web test

check: $(VENV)/.dev web/node_modules/.stamp package
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	cd $(PACKAGE) && $(CURDIR)/$(BIN)/mypy --config-file $(CURDIR)/pyproject.toml --cache-dir $(CURDIR)/.mypy_cache
	cd $(PACKAGE) && $(CURDIR)/$(BIN)/lint-imports --config $(CURDIR)/pyproject.toml --cache-dir $(CURDIR)/.import_linter_cache
	npm --prefix web run --silent check

bench: $(VENV)/.dev
	$(BIN)/python -m tests.benchmarks $(BENCH_ARGS)

image:
	$(ENGINE) build --tag $(IMAGE) .

# The tests' versions are chosen first, so that the two locks never disagree in one environment.
LOCK := pip compile pyproject.toml --universal --python-version 3.11 --fork-strategy fewest --upgrade --quiet \
	--extra demo --generate-hashes --no-annotate --no-emit-index-url --custom-compile-command 'make lock'
# What the image and the demo can open beside Zarr and GeoTIFF.
CONTAINERS := --extra icechunk --extra netcdf --extra parquet --extra scale
lock: $(UV)
	$(UV) $(LOCK) --extra dev --output-file requirements-dev.txt
	$(UV) $(LOCK) $(CONTAINERS) --constraints requirements-dev.txt --output-file requirements.txt

clean:
	rm -rf $(VENV) $(DATA) build dist *.egg-info web/node_modules web/vendor helm/node_modules
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(UV):
	@test -n "$(PYTHON)" || { echo 'Python 3.11 or newer is missing: apt-get install python3 python3-venv' >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2> /dev/null || $(call need,The venv module of Python,python3-venv,exit 1)
	@echo 'Making $(VENV)'
	@$(PYTHON) -m venv --clear $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv

# Compiled at once: where Python may not write its byte code every start would compile anew.
INSTALL := $(UV) pip install --quiet --python $(BIN)/python
$(VENV)/.runtime: requirements.txt pyproject.toml | $(UV)
	@echo 'Installing what the server needs'
	@$(INSTALL) --require-hashes --compile-bytecode --requirements requirements.txt
	@$(INSTALL) --no-deps --editable .
	@touch $@

$(VENV)/.dev: requirements-dev.txt pyproject.toml | $(UV)
	@echo 'Installing what the server, its tests and its checks need'
	@$(INSTALL) --require-hashes --compile-bytecode --requirements requirements-dev.txt
	@$(INSTALL) --no-deps --editable .
	@touch $@ $(VENV)/.runtime

%/node_modules/.stamp: %/package.json %/package-lock.json
	@command -v npm > /dev/null || { echo 'npm is missing: install Node.js 20 or newer' >&2; exit 1; }
	@echo 'Installing the packages of $*/'
	@npm ci --prefix $* --no-audit --no-fund --loglevel=error
	@touch $@

web/vendor/.stamp: web/node_modules/.stamp $(wildcard web/scripts/*.js)
	@npm --prefix web run --silent vendor
	@touch $@

$(DATA)/.stamp: $(wildcard tileserver/demo.py tileserver/demo/*.py) | $(VENV)/.runtime
	@$(BIN)/tileserver demo $(DATA)
	@touch $@

package:
	@rm -rf $(PACKAGE)
	@mkdir -p $(PACKAGE)/tileserver
	@ln -s $(CURDIR)/tileserver/* $(CURDIR)/colormaps $(CURDIR)/web $(PACKAGE)/tileserver

# $(call need,what,Debian package,otherwise): root installs it, others are told.
need = if test "$$(id -u)" = 0 && command -v apt-get > /dev/null; \
	then apt-get update -qq && apt-get install -y -qq --no-install-recommends $(2); \
	else echo "$(1) is missing: sudo apt-get install $(2)" >&2; $(3); fi

chromium:
	@command -v chromium chromium-browser google-chrome > /dev/null || { $(call need,Chromium (for the viewer's tests),chromium,true); }

# Python modules of a distribution are for its own interpreter alone.
qgis:
	@/usr/bin/python3 -c 'import osgeo, qgis' 2> /dev/null || { $(call need,QGIS or GDAL (for the tests of desktop GIS),python3-qgis qgis-providers python3-gdal python3-numpy,true); }
