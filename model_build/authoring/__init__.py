"""What writing a definition with the SageMaker SDK needs. All that imports the SDK passes through here or `steps`."""

import importlib
import logging
import os
import warnings
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


with default_region("us-east-1"), warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # of the SDK about itself
    importlib.import_module("sagemaker.mlops")

# The SDK validates its defaults, and the schema of the defaults, at each of sixty look-ups: nine tenths of the time of
# a definition. Ours are one constant (see `session`), which a test validates.
SageMakerConfig = importlib.import_module("sagemaker.core.config.config_manager").SageMakerConfig
SageMakerConfig.validate_sagemaker_config = staticmethod(lambda _config=None: None)

# Its own accounts of what it does are about an API that we do not call here; errors stay.
# Some of its loggers have a level of their own.
logging.getLogger("sagemaker").setLevel(logging.ERROR)
for _name in [name for name in logging.root.manager.loggerDict if name.partition(".")[0] == "sagemaker"]:
    logging.getLogger(_name).addFilter(lambda record: record.levelno >= logging.ERROR)
