"""A server for the tests of endpoints."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from endpoints_kit import Client
from server_kit import running


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """The server that the tests of a module share."""
    with running(Client, tmp_path_factory.mktemp("endpoints")) as server:
        yield server


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Client]:
    """A server that the test may kill."""
    with running(Client, tmp_path) as server:
        yield server
