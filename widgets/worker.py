"""Runs cases with one driver and prints an outcome a line, as JSON: `python -m widgets.worker --driver selenium`."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import get_args

from .catalogue import Size, select
from .drivers import DRIVERS
from .runs import run_all
from .site import Site


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m widgets.worker")
    parser.add_argument("--driver", choices=DRIVERS, required=True)
    parser.add_argument("--size", choices=get_args(Size), default="full")
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--cpu", type=int, default=1)
    parser.add_argument("--only", action="append", default=[])
    parser.add_argument("--screenshots", type=Path)
    asked = parser.parse_args()
    if asked.screenshots:
        asked.screenshots.mkdir(parents=True, exist_ok=True)
    with Site() as site:
        driver = DRIVERS[asked.driver]()
        try:
            cases = select(asked.size, asked.driver, asked.only)
            for outcome in run_all(driver, site, cases, asked.runs, asked.cpu, asked.screenshots):
                print(json.dumps(asdict(outcome)), flush=True)
        finally:
            driver.quit()


if __name__ == "__main__":
    main()
