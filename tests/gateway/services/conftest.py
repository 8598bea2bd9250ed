"""What tests of several services need."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture(scope="session")
def aws() -> Any:
    """A session of AWS's SDK, which keeps the services' models that it has read."""
    import boto3  # type: ignore[import-untyped]

    return boto3.Session("invented", "invented", region_name="eu-west-1")
