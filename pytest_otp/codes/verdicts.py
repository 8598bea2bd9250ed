"""What a rule says of a shape."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from .scene import Scene
from .shapes import Shape


class Verdict(NamedTuple):
    """What a rule says: points, and why. Points are hundredths of certainty by rule of thumb, not probabilities."""

    points: int
    reason: str


Rule = Callable[[Shape, Scene], "Verdict | None"]
