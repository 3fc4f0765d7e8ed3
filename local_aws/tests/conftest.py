"""A real server on a temporary home, and moto beside it as a second judge."""

import itertools
import os
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from local_aws import launch, machine
from local_aws.operations import Aws
from local_aws.processes.images import Images

REGION = "us-east-1"
CREDENTIALS = {"aws_access_key_id": "local", "aws_secret_access_key": "local"}

#: One attempt only: a test sees the answer that the server gave.
ONCE = Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"})


def connect(service: str, endpoint: str, **options: Any) -> Any:
    """An unmodified boto3 client for `endpoint`."""
    options.setdefault("config", ONCE)
    return boto3.client(service, endpoint_url=endpoint, region_name=REGION, **CREDENTIALS, **options)


@dataclass
class Target:
    """Something that claims to be AWS: `name` is "local_aws" or "moto"."""

    name: str
    endpoint: str

    def client(self, service: str, **options: Any) -> Any:
        return connect(service, self.endpoint, **options)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[launch.Status]:
    """The one server of the session."""
    home = tmp_path_factory.mktemp("home") / "local_aws"
    try:
        yield launch.up(home)
    finally:
        launch.down(home)


@pytest.fixture(scope="session")
def client(server: launch.Status) -> Callable[..., Any]:
    """client("s3"): a boto3 client of the session's server."""
    return lambda service, **options: connect(service, server.Endpoint or "", **options)


@pytest.fixture(scope="session")
def moto_endpoint() -> Iterator[str]:
    """moto's server, in a process of its own so that its patches do not reach the tests."""
    program = (
        "import sys, time\nfrom moto.server import ThreadedMotoServer\n"
        "server = ThreadedMotoServer(port=0, verbose=False)\nserver.start()\n"
        "print(server.get_host_and_port()[1], flush=True)\nsys.stdin.read()\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=os.environ | {"MOTO_S3_CUSTOM_ENDPOINTS": ""},
    )
    assert process.stdout is not None
    try:
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
    finally:
        process.kill()
        process.wait()


@pytest.fixture(params=["local_aws", "moto"])
def aws_target(request: pytest.FixtureRequest) -> Target:
    """The same test against both; use it for what moto implements."""
    if request.param == "moto":
        return Target("moto", request.getfixturevalue("moto_endpoint"))
    return Target("local_aws", request.getfixturevalue("server").Endpoint)


_numbers = itertools.count(1)


@pytest.fixture
def fresh() -> Callable[[str], str]:
    """fresh("role"): a name that no other test uses."""
    return lambda stem: f"{stem}-{uuid.uuid4().hex[:8]}-{next(_numbers)}"


@pytest.fixture
def bucket(server: launch.Status, fresh: Callable[[str], str]) -> str:
    """A bucket of the session's server."""
    name = fresh("bucket")
    connect("s3", server.Endpoint or "").create_bucket(Bucket=name)
    return name


@pytest.fixture
def aws(tmp_path: Path) -> Aws:
    """A machine without HTTP and without its living parts started, on a home of its own."""
    return machine.build(tmp_path / "home", 0, REGION, Images())
