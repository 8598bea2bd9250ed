"""A small sign-up: a phone page, a code page, a welcome page."""

from __future__ import annotations

from .app import create_app

__all__ = ["create_app"]
