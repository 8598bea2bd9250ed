#!/bin/sh
# Installs the Node packages that tests need into .node, from npm's registry, unless they are there already.
set -eu
here=$(dirname "$0")
root=$(cd "$here/.." && pwd)
from="$root/tests/gateway/node"

missing=""
command -v node >/dev/null 2>&1 || missing="nodejs"
command -v npm >/dev/null 2>&1 || missing="$missing npm"
# shellcheck disable=SC2086 # one word for each package
[ -z "$missing" ] || "$here/apt.sh" "Some tests need Node.js and npm." $missing

cmp -s "$from/package-lock.json" "$root/.node/installed.json" && exit 0
mkdir -p "$root/.node"
cp "$from/package.json" "$from/package-lock.json" "$root/.node/"
echo "Installing Node packages into .node"
(cd "$root/.node" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error)
cp "$from/package-lock.json" "$root/.node/installed.json"
