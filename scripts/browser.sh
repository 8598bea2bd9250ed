#!/bin/sh
# Makes sure that the browser tests find Chromium (or Chrome) and its driver.
# CHROMIUM and CHROMEDRIVER override them; the tests look in the same places (examples/signup/conftest.py).
set -eu
here=$(dirname "$0")

found() {
    for name in "$@"; do
        if [ -n "$name" ] && command -v "$name" >/dev/null 2>&1; then return 0; fi
    done
    return 1
}

missing=""
found "${CHROMIUM:-}" chromium chromium-browser google-chrome google-chrome-stable || missing="chromium"
found "${CHROMEDRIVER:-}" chromedriver || missing="$missing chromium-driver"
[ -z "$missing" ] && exit 0

# Browser and driver must have the same version, so both come from one source. The font is for screenshots.
exec "$here/apt.sh" "The browser tests need Chromium and its driver." chromium chromium-driver fonts-dejavu-core
