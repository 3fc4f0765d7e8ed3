"""A server for the tests of pipelines."""

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from pipelines_kit import Home, Pipelines, home


@pytest.fixture(scope="session")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    server = home(tmp_path_factory.mktemp("pipelines")).up()
    yield server
    server.down()


@pytest.fixture(scope="session")
def pipelines(machine: Home) -> Pipelines:
    return Pipelines(machine.client("sagemaker"))


@pytest.fixture(scope="session")
def s3(machine: Home) -> Any:
    return machine.client("s3")


@pytest.fixture
def bucket(s3: Any) -> str:
    name = f"bucket-{uuid.uuid4().hex[:12]}"
    s3.create_bucket(Bucket=name)
    return name
