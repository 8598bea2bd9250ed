"""What the figures may be at most. A benchmark checks each as it prints it; `make bench` fails if one was above."""

from __future__ import annotations

_above: list[str] = []


def check(name: str, figure: float, allowed: float) -> str:
    """Note the figure if it is above what is allowed. Returns the text to print beside it."""
    if figure <= allowed:
        return f"allowed: {allowed:g}"
    _above.append(f"{name}: {figure:.4g}, allowed: {allowed:g}")
    return f"ABOVE the allowed {allowed:g}"


def above() -> tuple[str, ...]:
    """The figures that were above their limits, by name."""
    return tuple(_above)
