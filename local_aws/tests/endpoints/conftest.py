"""A server for the tests of endpoints."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from endpoints_kit import Client, make

from local_aws import launch


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """The client of a server that the tests of a module share."""
    made = make(tmp_path_factory.mktemp("endpoints"))
    try:
        yield made
    finally:
        launch.down(made.home)


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Client]:
    """The client of a server that the test may kill."""
    made = make(tmp_path)
    try:
        yield made
    finally:
        launch.down(made.home)
