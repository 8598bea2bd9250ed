#!/bin/sh
# Installs atheris, which guides the fuzzer by coverage, where there is a wheel of it; without it, hypothesis is used.
set -eu
.venv/bin/python -c 'import atheris' 2>/dev/null && exit 0
.venv/bin/python -m pip install --quiet --disable-pip-version-check --only-binary :all: --group fuzz 2>/dev/null \
    || echo "There is no wheel of atheris for this Python; the inputs are hypothesis's."
