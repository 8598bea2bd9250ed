"""List the licences in an environment: `python -m scripts.licences FOLDER`; 1 if one is not on the list below."""

from __future__ import annotations

import re
import sys
from importlib.metadata import Distribution, distributions
from pathlib import Path

ALLOWED = re.compile(
    r"MIT|BSD|Apache|ISC|MPL|Mozilla Public License|PSF|Python Software Foundation|Unlicense|0BSD|Zlib", re.IGNORECASE
)
"""Licences that ask nothing of those who test with the package: permissive ones, and MPL for unchanged files."""


def licence_of(found: Distribution) -> str:
    """What a package says of its licence: the expression, else the classifiers, else the free text's first line."""

    def given(field: str) -> list[str]:
        return found.metadata.get_all(field) or []

    classifiers = [line.rpartition(" :: ")[2] for line in given("Classifier") if "License ::" in line]
    text = "".join(given("License")).strip().partition("\n")[0]
    return "".join(given("License-Expression")) or ", ".join(classifiers) or text or "unknown"


def main(environment: Path) -> int:
    """Print a line for each package."""
    folders = [str(folder) for folder in environment.glob("lib*/python*/site-packages")]
    packages = sorted(
        {(found.metadata["Name"], found.version, licence_of(found)) for found in distributions(path=folders)}
    )
    for name, version, licence in packages:
        mark = "" if ALLOWED.search(licence) else "   NOT ON THE LIST of scripts/licences.py"
        print(f"{name:<24}{version:<16}{licence}{mark}")
    wrong = [name for name, _, licence in packages if not ALLOWED.search(licence)]
    return 1 if wrong or not packages else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
