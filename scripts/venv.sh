#!/bin/sh
# Creates .venv with everything that the Makefile needs. PYTHON chooses the interpreter; by default one is found.
set -eu
here=$(dirname "$0")
root=$(cd "$here/.." && pwd)
cd "$root"

# Checked by running it: a version manager's `python3.13` may be on the PATH and yet start nothing.
usable() {
    "$1" -c 'import sys; sys.exit(not (3, 10) <= sys.version_info[:2] < (4, 0))' >/dev/null 2>&1
}

find_python() {
    if [ -n "${PYTHON:-}" ]; then
        usable "$PYTHON" && echo "$PYTHON" && return 0
        echo "PYTHON=$PYTHON is not Python 3.10 or later." >&2
        return 1
    fi
    for candidate in python3 python3.14 python3.13 python3.12 python3.11 python3.10 python \
        "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.1[0-9].*/bin/python3; do
        if usable "$candidate"; then echo "$candidate" && return 0; fi
    done
    return 1
}

if ! usable .venv/bin/python || ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
    if ! python=$(find_python); then
        [ -n "${PYTHON:-}" ] && exit 1
        "$here/apt.sh" "No Python 3.10 or later was found (set PYTHON to choose one)." python3 python3-venv
        python=$(find_python) || { echo "The system's Python is older than 3.10; set PYTHON to a newer." >&2; exit 1; }
    fi
    # Debian packages what venv needs separately.
    if ! "$python" -c 'import ensurepip, venv' >/dev/null 2>&1; then
        "$here/apt.sh" "$python cannot create virtual environments." python3-venv
    fi
    echo "Creating .venv with $("$python" --version)"
    "$python" -m venv --clear .venv
fi

# Dependency groups need pip 25.1.
.venv/bin/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
.venv/bin/python -m pip install --quiet --disable-pip-version-check --group dev --editable .
