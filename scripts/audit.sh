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
# Without pytest-otp itself, which is not on PyPI in this version.
.audit/bin/python -m pip list --format=freeze --exclude pytest-otp >.audit/packages.txt
# Strict: a package that PyPI does not answer for is not audited, which is no success.
.venv/bin/python -m pip_audit --strict --no-deps --disable-pip -r .audit/packages.txt --progress-spinner off || {
    echo "pip-audit found something, or could not reach PyPI; see above." >&2
    exit 1
}
