# Everything below works from Python >= 3.11 and pip alone, with or without git.
#
#   make demo                 name the cameras of some pictures
#   make demo PHOTOS=folder   name the cameras of your own pictures
#   make test                 lint, types, layers, docs and the whole suite
#
# The environment is .venv (VENV=other to change it), made with the first Python
# >= 3.11 found (PYTHON=path to choose). PHOTOS and WHICHCAM_PHOTOS are folders.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

VENV ?= .venv
BIN := $(VENV)/bin
SHARED ?= ../shared/photos
PHOTOS ?=
PYTEST_ARGS ?= -n 2 --dist loadfile
SPHINX_ARGS ?= -q

IS_NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for candidate in python3 python3.14 python3.13 python3.12 \
	python3.11 python; do \
	  if $$candidate -c '$(IS_NEW_ENOUGH)' 2>/dev/null; then \
	    echo $$candidate; break; fi; done)

PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check \
	-c constraints.txt
# One stamp for each set of extras, renewed when what is asked for changes.
ENVIRONMENT := $(VENV)/.made
CORE := $(VENV)/.installed-core
TRAIN := $(VENV)/.installed-train
ALL := $(VENV)/.installed-all

.PHONY: help demo test check lint types layers spelling docs suite bench readme clean

help:
	@awk '!/^#/ {exit} {sub(/^# ?/, ""); print}' Makefile

$(ENVIRONMENT):
	@if [ -z "$(PYTHON)" ]; then \
	  echo "whichcam needs Python 3.11 or newer: none found; set PYTHON=path" >&2; \
	  exit 4; fi
	$(PYTHON) -m venv $(VENV) || { \
	  echo "no ensurepip here: borrowing this Python's own pip" >&2; \
	  $(PYTHON) -m venv --clear --without-pip $(VENV); \
	  $(PYTHON) -m pip --python $(BIN)/python install --quiet pip; }
	touch $@

$(CORE): $(ENVIRONMENT) pyproject.toml constraints.txt
	$(PIP_INSTALL) -e .
	touch $@

$(TRAIN): $(CORE)
	$(PIP_INSTALL) -e '.[train]'
	touch $@

$(ALL): $(ENVIRONMENT) pyproject.toml constraints.txt
	$(PIP_INSTALL) -e '.[all,test,lint,docs]'
	touch $@ $(CORE) $(TRAIN)

# The person's pictures; else the real photographs beside the project; else cameras
# that never existed, for which a small classifier is trained on the spot.
ifneq ($(strip $(PHOTOS)),)
demo: $(CORE)
	@$(BIN)/whichcam demo --photos "$(PHOTOS)"
else ifneq ($(wildcard $(SHARED)/manifest.csv),)
demo: $(CORE)
	@$(BIN)/whichcam demo --photos "$(SHARED)"
	@$(BIN)/whichcam identify "$(SHARED)"/full
else
demo: $(TRAIN)
	@$(BIN)/whichcam demo
endif

test: $(ALL)
	@$(MAKE) --no-print-directory check
	@$(MAKE) --no-print-directory docs
	@$(MAKE) --no-print-directory suite

check: lint types layers spelling

lint: $(ALL)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(ALL)
	$(BIN)/mypy

layers: $(ALL)
	$(BIN)/lint-imports

spelling: $(ALL)
	$(BIN)/codespell

docs: $(ALL)
	$(BIN)/sphinx-build -W --keep-going -n $(SPHINX_ARGS) -b html docs docs/_build/html

# Real photographs are used where WHICHCAM_PHOTOS names them or they lie beside the
# project; where there are none, those tests skip and say so. Two processes share the
# suite, a whole file at a time: what a file trains for all its tests is made once.
suite: $(ALL)
	OMP_NUM_THREADS=$${OMP_NUM_THREADS:-1} $(BIN)/python -m pytest --cov --cov-report=term $(PYTEST_ARGS)

bench: $(ALL)
	$(BIN)/python benchmarks/speed.py
	$(BIN)/python benchmarks/accuracy.py benchmarks/protocols/photos.toml \
	  --photos "$(SHARED)"
	$(BIN)/python benchmarks/screening.py --photos "$(SHARED)"

readme: $(ALL)
	$(BIN)/python benchmarks/readme.py
	$(BIN)/python benchmarks/devices_page.py

clean:
	rm -rf $(VENV) docs/_build build dist .mypy_cache .ruff_cache \
	  .pytest_cache .import_linter_cache .coverage
