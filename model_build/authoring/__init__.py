"""What writing a definition with the SageMaker SDK needs. All that imports the SDK passes through here or `steps`."""

import importlib
import os
from collections.abc import Iterator
from contextlib import contextmanager

# Otherwise the SDK asks IAM, over the network, whether it may pass the role.
os.environ.setdefault("SAGEMAKER_VALIDATE_ROLE", "false")


@contextmanager
def default_region(region: str) -> Iterator[None]:
    """The SDK demands a configured region in places where it uses none; afterwards the environment is as it was."""
    given = os.environ.get("AWS_DEFAULT_REGION")
    os.environ["AWS_DEFAULT_REGION"] = given or region
    try:
        yield
    finally:
        if given is None:
            del os.environ["AWS_DEFAULT_REGION"]


with default_region("us-east-1"):
    importlib.import_module("sagemaker.mlops")
