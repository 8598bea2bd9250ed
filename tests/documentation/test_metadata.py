"""What the project says about itself agrees: versions, lanes, links."""

from __future__ import annotations

import fnmatch
import re

from tests.documentation.pages import text_of

PYPROJECT = text_of("pyproject.toml")
VERSIONS = re.findall(r'"Programming Language :: Python :: (3\.\d+)"', PYPROJECT)
TOX = re.findall(r"^    py\{([\d,]+)\}-pytest\{([\d,]+)\}$", text_of("tox.ini"), re.MULTILINE)
HOME = "https://github.com/pytest-otp/pytest-otp"


def test_there_is_a_lane_for_each_python() -> None:
    """There is a lane of tox for each Python of the classifiers, and no other."""
    ((lanes, _),) = TOX
    assert lanes.split(",") == [version.replace(".", "") for version in VERSIONS]


def test_there_is_a_lane_for_each_pytest() -> None:
    """There is a lane of tox for pytest 8 and 9, each held to its major version."""
    ((_, lanes),) = TOX
    for lane in lanes.split(","):
        assert re.match(rf"pytest[>=]={lane}\b", text_of(f"scripts/pytest{lane}.txt"))
        assert f"pytest{lane}: PIP_CONSTRAINT" in text_of("tox.ini")


def test_each_python_is_found() -> None:
    """`make tox` looks for each Python in pyenv, and `make` for each one on the PATH, the newest first."""
    (glob,) = re.findall(r"/versions/(\S+?)/bin; do$", text_of("scripts/tox.sh"), re.MULTILINE)
    assert [version for version in VERSIONS if not fnmatch.fnmatch(f"{version}.1", glob)] == []
    (candidates,) = re.findall(r"for candidate in (.*)", text_of("scripts/venv.sh"))
    looked_for = re.findall(r"python(3\.\d+)", candidates)
    assert looked_for == VERSIONS[::-1]


def test_the_oldest_python_is_named() -> None:
    """The README names the oldest Python of the classifiers, and so does the version that pip requires."""
    assert f"Python {VERSIONS[0]} or later" in text_of("README.md")
    assert f'requires-python = ">={VERSIONS[0]}"' in PYPROJECT


def test_the_links_of_the_project() -> None:
    """The metadata links to home, documentation, changelog and issues, all of one repository."""
    section = PYPROJECT.partition("[project.urls]\n")[2].partition("\n\n")[0]
    links = dict(re.findall(r'^(\w+) = "(.*)"$', section, re.MULTILINE))
    assert set(links) == {"Homepage", "Documentation", "Changelog", "Issues"}
    assert all(link.startswith(HOME) for link in links.values())


def test_the_readme_is_short() -> None:
    """The README shows one thing and links to the rest."""
    assert text_of("README.md").count("\n") <= 110
