"""A real provider that the test process itself speaks to: nothing in this process may answer in its place."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ..orders.recording import RecordingProvider, RunContext
from ..providers.base import Order, Provider
from .mocks import refuse_mocks

if TYPE_CHECKING:
    from ..providers.registry import Recipe

__tracebackhide__ = True


class UnmockedProvider(RecordingProvider):
    """Places and closes orders in this process, and none while a library mocks the requests that would follow."""

    def __init__(self, provider: Provider, context: Callable[[], RunContext], recipe: Recipe | None) -> None:
        """`recipe` is how the provider was created, from which its URLs are known; None for an object of one's own."""
        super().__init__(provider, context)
        values = recipe.values if recipe else {}
        self._urls = [value for name, value in values.items() if name.endswith("_URL") and isinstance(value, str)]

    def order(self, service: str | None, country: str | None, operator: str | None, *, key: str | None = None) -> Order:
        """Like the provider's. Raises SettingsError, before anything is ordered, while a known mock is active."""
        refuse_mocks(self.name, self._urls)
        return super().order(service, country, operator, key=key)
