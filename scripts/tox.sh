#!/bin/sh
# Runs tox with every Python that is installed. pyenv's versions go on the PATH, since its shims start only one.
set -eu
for folder in "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.1[0-9].*/bin; do
    [ -x "$folder/python3" ] && PATH="$folder:$PATH"
done
export PATH
exec .venv/bin/python -m tox run "$@"
