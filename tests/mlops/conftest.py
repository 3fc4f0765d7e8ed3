"""A local server for the modules that speak plain boto3, in this process's environment for one module of tests."""

import os
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import boto3
import pytest

from local_aws import launch

ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "local",
    "AWS_SECRET_ACCESS_KEY": "local",
    "AWS_REGION": "us-east-1",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
}


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The home of a server that boto3's defaults mean, as `mlops` sets them."""
    home = tmp_path_factory.mktemp("machine") / "home"
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith(("AWS_", "MLOPS_"))]:
            patch.delenv(name)
        for name, value in ENVIRONMENT.items():
            patch.setenv(name, value)
        patch.setattr(boto3, "DEFAULT_SESSION", None)
        patch.setenv("MLOPS_LOCAL_HOME", str(home))
        for name in ("ARTIFACT_BUCKET", "SAGEMAKER_PIPELINE_ROLE_ARN"):  # restored at the end, whoever sets them
            patch.setenv(name, "")
            patch.delenv(name)
        patch.setenv("AWS_ENDPOINT_URL", launch.up(home).Endpoint or "")
        try:
            yield home
        finally:
            launch.down(home)
            patch.setattr(boto3, "DEFAULT_SESSION", None)


@pytest.fixture
def fresh() -> Callable[[str], str]:
    """fresh("stack"): a name that no other test uses."""
    return lambda stem: f"{stem}-{uuid.uuid4().hex[:8]}"
