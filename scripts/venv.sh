#!/bin/sh
# Makes .venv with everything that the Makefile needs. PYTHON names the interpreter to use; otherwise one is looked for.
set -eu
here=$(dirname "$0")
root=$(cd "$here/.." && pwd)
cd "$root"

# Asked by running it: a version manager's `python3.13` may stand on the PATH and yet start nothing.
usable() {
    "$1" -c 'import sys; sys.exit(not (3, 10) <= sys.version_info[:2] < (4, 0))' >/dev/null 2>&1
}

find_python() {
    if [ -n "${PYTHON:-}" ]; then
        usable "$PYTHON" && echo "$PYTHON" && return 0
        echo "PYTHON=$PYTHON is no Python 3.10 or later." >&2
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
        "$here/apt.sh" "No Python 3.10 or later was found (set PYTHON to name one)." python3 python3-venv
        python=$(find_python) || { echo "This system's Python is older than 3.10: set PYTHON to a newer one." >&2; exit 1; }
    fi
    # Debian keeps what venv needs in a package of its own.
    if ! "$python" -c 'import ensurepip, venv' >/dev/null 2>&1; then
        "$here/apt.sh" "$python cannot make virtual environments." python3-venv
    fi
    echo "Making .venv with $("$python" --version)"
    "$python" -m venv --clear .venv
fi

# Dependency groups need pip 25.1.
.venv/bin/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
.venv/bin/python -m pip install --quiet --disable-pip-version-check --group dev --editable .
