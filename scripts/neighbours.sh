#!/bin/sh
# Installs the packages of tests/neighbours into an environment of their own, again whenever pyproject.toml changes.
set -eu
here=$(dirname "$0")
root=$(cd "$here/.." && pwd)
cd "$root"
ready=.neighbours/.ready
if [ -x .neighbours/bin/python ] && [ -f "$ready" ] && [ -z "$(find pyproject.toml scripts/neighbours.sh -newer "$ready")" ]; then
    exit 0
fi
[ -x .neighbours/bin/python ] || .venv/bin/python -m venv --clear .neighbours
# Dependency groups need pip 25.1.
.neighbours/bin/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
.neighbours/bin/python -m pip install --quiet --disable-pip-version-check --group neighbours --editable .
touch "$ready"
