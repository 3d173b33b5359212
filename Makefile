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
FUZZ := build/schemathesis
XCUBE := build/xcube-viewer
# The map of eodash, which brings all that it needs in one file.
EODASH := build/eox-map
EODASH_VERSION := 2.3.0
EODASH_SHA256 := 522e1bd806a608c877ca7926329c9e21b9cda51bd538428d34d238daa0eca551
NOTEBOOK := build/notebook
# The package as it is once installed: `tileserver` with `colormaps` and `web` inside it. Tools that
# look for modules on disk and know nothing of package-dir mappings run on this tree of links.
PACKAGE := build/package

# The first interpreter that is new enough: a Debian calls it python3, others have several.
PYTHON ?= $(shell for name in python3.11 python3.12 python3.13 python3; do \
	"$$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2> /dev/null && echo "$$name" && break; done)

.PHONY: help demo serve test check bench image audit sbom lock clean chromium qgis r redis postgres prometheus package schemathesis xcube-viewer eox-map notebook containers

help:
	@echo 'make demo    set everything up and serve four demo cubes (S3=1: from an S3 server; HOST= PORT=)'
	@echo 'make serve   serve your own catalogue (CATALOG= HOST= PORT=)'
	@echo 'make test    all tests (PYTEST_ARGS=)'
	@echo 'make check   formatting, types, import layers, the viewer too'
	@echo 'make bench   the benchmark against other servers, into docs/performance.md (BENCH_ARGS=)'
	@echo 'make image   the container image (IMAGE= ENGINE=)'
	@echo 'make audit   whether anything that is locked has a known flaw'
	@echo 'make sbom    what the image is made of, as CycloneDX, in build/sbom'
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

test: $(VENV)/.dev web/vendor/.stamp helm/node_modules/.stamp chromium qgis r redis postgres prometheus schemathesis xcube-viewer eox-map notebook containers
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
LOCK := pip compile --universal --python-version 3.11 --fork-strategy fewest --upgrade --quiet \
	--generate-hashes --no-annotate --no-emit-index-url --custom-compile-command 'make lock'
PROJECT := pyproject.toml --extra demo
# What the image and the demo can open beside Zarr and GeoTIFF, and how the image is operated.
CONTAINERS := --extra icechunk --extra netcdf --extra parquet --extra scale
OPERATED := --extra database --extra oidc --extra otel --extra redis
# Tools of releases run apart: what they need is not the project's. Advisories are asked for over the
# network: where they are not reached `make audit` says so and fails.
SBOM := build/sbom
CYCLONEDX := cyclonedx-bom==7.5.0
PIP_AUDIT := pip-audit==2.10.1
AUDITED := requirements.txt
audit: $(UV) web/node_modules/.stamp
	@failed=; \
	$(UV) tool run --from $(PIP_AUDIT) pip-audit --strict --disable-pip --no-deps --progress-spinner off --requirement $(AUDITED) || failed=1; \
	npm --prefix web audit --omit=dev || failed=1; \
	test -z "$$failed"

sbom: $(UV) web/node_modules/.stamp
	@mkdir -p $(SBOM)
	$(UV) tool run --from $(CYCLONEDX) cyclonedx-py requirements requirements.txt --output-reproducible --of JSON --output-file $(SBOM)/python.json
	npm --prefix web sbom --omit=dev --package-lock-only --sbom-format cyclonedx > $(SBOM)/web.json

lock: $(UV)
	$(UV) $(LOCK) $(PROJECT) --extra dev --output-file requirements-dev.txt
	$(UV) $(LOCK) $(PROJECT) $(CONTAINERS) $(OPERATED) --constraints requirements-dev.txt --output-file requirements.txt
	$(UV) $(LOCK) --group fuzz --output-file tests/fuzz/requirements.txt
	$(UV) $(LOCK) pyproject.toml --group notebook --output-file tests/jupyter/requirements.txt
	$(UV) $(LOCK) --no-deps --group xcube --output-file tests/xcube/requirements.txt

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

# It wants other versions of much that the tests use.
schemathesis: $(FUZZ)/.stamp
$(FUZZ)/.stamp: tests/fuzz/requirements.txt | $(UV)
	@echo 'Installing schemathesis'
	@$(UV) venv --quiet --clear --python $(BIN)/python $(FUZZ)
	@$(UV) pip install --quiet --python $(FUZZ)/bin/python --require-hashes --requirements $<
	@touch $@

# JupyterLab and what draws maps in it, with the server itself: a gigabyte that no other test needs.
notebook: $(NOTEBOOK)/.stamp
$(NOTEBOOK)/.stamp: tests/jupyter/requirements.txt pyproject.toml | $(UV)
	@echo 'Installing JupyterLab'
	@$(UV) venv --quiet --clear --python $(BIN)/python $(NOTEBOOK)
	@$(UV) pip install --quiet --python $(NOTEBOOK)/bin/python --require-hashes --requirements $<
	@$(UV) pip install --quiet --python $(NOTEBOOK)/bin/python --no-deps --editable .
	@touch $@

# Files alone, of a wheel that is not installed.
xcube-viewer: $(XCUBE)/.stamp
$(XCUBE)/.stamp: tests/xcube/requirements.txt | $(UV)
	@echo 'Fetching the xcube viewer'
	@rm -rf $(XCUBE)
	@$(UV) pip install --quiet --python $(BIN)/python --target $(XCUBE) --no-deps --require-hashes --requirements $<
	@touch $@

eox-map: $(EODASH)/.stamp-$(EODASH_VERSION)
$(EODASH)/.stamp-$(EODASH_VERSION):
	@echo 'Fetching the map of eodash'
	@rm -rf $(EODASH) && mkdir -p $(EODASH)
	@npm pack --silent --pack-destination $(EODASH) @eox/map@$(EODASH_VERSION) > /dev/null
	@echo '$(EODASH_SHA256)  $(EODASH)/eox-map-$(EODASH_VERSION).tgz' | sha256sum --check --quiet
	@tar --extract --gzip --file $(EODASH)/eox-map-$(EODASH_VERSION).tgz --directory $(EODASH) --strip-components 1
	@touch $@

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

r:
	@Rscript --vanilla -e 'library(terra)' &> /dev/null || { $(call need,R with terra (for the tests of clients),r-base-core r-cran-terra,true); }

redis:
	@command -v redis-server > /dev/null || { $(call need,Redis (for the tests of what servers share),redis-server,true); }

prometheus:
	@command -v prometheus > /dev/null || { $(call need,Prometheus (for the tests of metrics),prometheus,true); }

postgres:
	@ls /usr/lib/postgresql/*/bin/initdb &> /dev/null || command -v initdb > /dev/null || { $(call need,PostgreSQL (for the tests of the database),postgresql,true); }

containers:
	@missing=; for tool in buildah podman runc catatonit mmdebstrap; do command -v $$tool > /dev/null || missing=1; done; test -z "$$missing" || { $(call need,What builds and runs images (for the image's tests),buildah podman runc catatonit netavark iptables mmdebstrap,true); }
