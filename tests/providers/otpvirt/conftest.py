"""A mocked OTP-virt for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import responses

from tests.providers.otpvirt.wire import Wire


@pytest.fixture
def wire() -> Iterator[Wire]:
    """The service, and the provider that calls it."""
    with responses.RequestsMock(registry=responses.registries.OrderedRegistry) as mock:
        yield Wire(mock)
