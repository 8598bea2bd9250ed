#!/bin/sh
# Runs tox with every installed Python. Those of pyenv join the PATH themselves, because its shims start only the chosen one.
set -eu
for folder in "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.1[0-9].*/bin; do
    [ -x "$folder/python3" ] && PATH="$folder:$PATH"
done
export PATH
exec .venv/bin/python -m tox run "$@"
