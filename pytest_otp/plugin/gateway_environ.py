"""The fixture otp_gateway_environ: the gateway's environment variables, in the process of the tests."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..gateway.address import GatewayAddress

__tracebackhide__ = True


def applied(address: GatewayAddress) -> Iterator[Mapping[str, str]]:
    """Set what `environ()` returns, and restore the previous values at the end."""
    variables = address.environ()
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield variables
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
