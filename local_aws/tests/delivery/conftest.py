"""Pipelines of the session's server."""

from collections.abc import Callable
from typing import Any

import pytest
from delivery_kit import Delivery


@pytest.fixture
def delivery(client: Callable[..., Any], bucket: str) -> Delivery:
    return Delivery(client, bucket)


@pytest.fixture
def name(delivery: Delivery, fresh: Callable[[str], str]) -> str:
    """A name, and a CodeCommit repository of that name with one commit."""
    found = fresh("pipeline")
    delivery.repository(found, {"run": b"#!", "a/b": b"1"})
    return found
