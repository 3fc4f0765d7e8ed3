"""A server on a home of its own with a table of images, and clients for it: what tests that run programs share."""

import json
import os
import signal
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import boto3
from botocore.config import Config

from local_aws import launch


@cache
def connect(service: str, endpoint: str) -> Any:
    """A client that tries once; making one takes longer than what most tests do with it."""
    once = Config(retries={"total_max_attempts": 1})
    keys = {"aws_access_key_id": "local", "aws_secret_access_key": "local"}
    return boto3.client(service, endpoint_url=endpoint, region_name="us-east-1", config=once, **keys)


class Service:
    """An attribute of a server that is its client of a service, named as the attribute unless it says otherwise."""

    def __init__(self, name: str = "") -> None:
        self._name = name

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = self._name or name

    def __get__(self, server: "Server", owner: type) -> Any:
        return connect(self._name, server.status.Endpoint or "")


class Server:
    """Runs with the images of `table`; `bucket` is there."""

    table: str
    bucket: str

    s3 = Service()
    logs = Service()
    sagemaker = Service()
    runtime = Service("sagemaker-runtime")
    cloudwatch = Service()
    events = Service()
    sqs = Service()
    cloudformation = Service()

    def __init__(self, folder: Path) -> None:
        self.home, self.images = folder / "home", folder / "images.toml"
        self.images.write_text(self.table)
        self.up()
        self.s3.create_bucket(Bucket=self.bucket)

    def up(self) -> None:
        self.status = launch.up(self.home, self.images)

    def kill(self) -> None:
        """As it is in the middle of something; returns when another server can begin."""
        assert self.status.Pid
        os.kill(self.status.Pid, signal.SIGKILL)
        while launch.locked(self.home):
            time.sleep(0.01)

    def clock(self, **wanted: float) -> None:
        """Move the server's clock: Offset, Rate."""
        request = urllib.request.Request(f"{self.status.Endpoint}/_local/clock", json.dumps(wanted).encode())
        urllib.request.urlopen(request, timeout=30).read()


Kind = TypeVar("Kind", bound=Server)


@contextmanager
def running(kind: type[Kind], folder: Path) -> Iterator[Kind]:
    """A server of this kind, and none behind it."""
    try:
        yield kind(folder)
    finally:
        launch.down(folder / "home")
