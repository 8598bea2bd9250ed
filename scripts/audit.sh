#!/bin/sh
# Checks what a user of pytest-otp installs, in an environment of its own: the licences, for which no network is needed
# once it is installed, and the known vulnerabilities, which pip-audit asks PyPI for.
set -eu
here=$(dirname "$0")
root=$(cd "$here/.." && pwd)
cd "$root"
[ -x .audit/bin/python ] || .venv/bin/python -m venv .audit
.audit/bin/python -m pip install --quiet --disable-pip-version-check --upgrade pip .
.venv/bin/python -m scripts.licences .audit

if ! .venv/bin/python -c 'import pip_audit' 2>/dev/null; then
    .venv/bin/python -m pip install --quiet --disable-pip-version-check pip-audit
fi
folder=$(.audit/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
# pytest-otp itself is not on PyPI in this version.
.venv/bin/python -m pip_audit --path "$folder" --skip-editable --progress-spinner off || {
    echo "pip-audit found something, or could not reach PyPI; see above." >&2
    exit 1
}
