#!/bin/sh
# Runs tox with every Python at hand. Those of pyenv are put on the PATH themselves: its shims start only the chosen one.
set -eu
for folder in "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.1[0-3].*/bin; do
    [ -x "$folder/python3" ] && PATH="$folder:$PATH"
done
export PATH
exec .venv/bin/python -m tox run "$@"
