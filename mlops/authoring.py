"""The bridge to model_build's authoring half, which needs the SageMaker SDK; imported only when it is used."""

import importlib.util
from typing import TYPE_CHECKING

import boto3

from contract.errors import InputError
from mlops import target as targets

if TYPE_CHECKING:
    from model_build.built import Built


def offline(name: str) -> "Built":
    """The pipeline `name` for a placeholder account: neither network nor credentials.

    Raises InputError when the SDK is not installed or the configuration cannot work.
    """
    _need_sdk()
    from model_build import building

    return building.build(name)


def upserted(name: str, session: boto3.Session) -> "Built":
    """Create or update the pipeline `name` in the account of `session`. Raises InputError as `offline` does."""
    _need_sdk()
    from model_build import building, executions
    from model_build.target import connected

    built = building.build(name, connected(session))
    executions.upsert(built, session)
    return built


def session() -> boto3.Session:
    """boto3's session for the target that was connected."""
    return boto3.Session(region_name=targets.region())


def _need_sdk() -> None:
    if importlib.util.find_spec("sagemaker") is None:
        raise InputError('The SageMaker SDK is not installed: pip install "sagemaker-mlops-template[build,local]".')
