#!/bin/sh
# Installs the widgets that `make widgets` tries into .widgets, from npm's registry, and builds their pages there.
set -eu
here=$(dirname "$0")
root=$(cd "$here/.." && pwd)
from="$root/widgets"
to="$root/.widgets"

missing=""
command -v node >/dev/null 2>&1 || missing="nodejs"
command -v npm >/dev/null 2>&1 || missing="$missing npm"
# shellcheck disable=SC2086 # one word for each package
[ -z "$missing" ] || "$here/apt.sh" "The pages with widgets are built with Node.js and npm." $missing

mkdir -p "$to"
if ! cmp -s "$from/package-lock.json" "$to/installed.json"; then
    cp "$from/package.json" "$from/package-lock.json" "$from/.npmrc" "$to/"
    echo "Installing widgets into .widgets"
    (cd "$to" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error)
    cp "$from/package-lock.json" "$to/installed.json"
fi
cp "$from/build.mjs" "$to/"
(cd "$to" && rm -rf built && node build.mjs "$from/pages" built)
