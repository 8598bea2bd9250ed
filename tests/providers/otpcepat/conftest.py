"""A mocked otpcepat for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import responses

from tests.providers.otpcepat.wire import Wire


@pytest.fixture
def wire() -> Iterator[Wire]:
    """The service, and the provider that calls it."""
    # FIFO: what was added first is answered first, once each; a leftover fails the test.
    with responses.RequestsMock(registry=responses.registries.OrderedRegistry) as mock:
        yield Wire(mock)
