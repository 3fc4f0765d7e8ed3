"""What writing a definition with the SageMaker SDK needs. All that imports the SDK passes through here or `steps`."""

import importlib
import logging
import os
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

# Otherwise the SDK asks IAM, over the network, whether it may pass the role.
os.environ.setdefault("SAGEMAKER_VALIDATE_ROLE", "false")


#: With these, boto3 makes clients without looking for credentials on the network.
DETACHED: dict[str, str | None] = {
    "AWS_ACCESS_KEY_ID": "authoring",
    "AWS_SECRET_ACCESS_KEY": "authoring",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_PROFILE": None,
    "AWS_DEFAULT_PROFILE": None,
}


@contextmanager
def detached(region: str) -> Iterator[None]:
    """The SDK makes clients that authoring never calls; they get this region and false credentials. Afterwards the
    environment is as it was."""
    wanted = {**DETACHED, "AWS_DEFAULT_REGION": region}
    before = {name: os.environ.get(name) for name in wanted}
    _set(wanted)
    try:
        yield
    finally:
        _set(before)


def _set(variables: Mapping[str, str | None]) -> None:
    for name, value in variables.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


_handlers, _level = list(logging.root.handlers), logging.root.level
with detached("us-east-1"), warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # of the SDK about itself
    importlib.import_module("sagemaker.mlops")
logging.root.handlers[:] = _handlers  # the SDK would log for everybody
logging.root.setLevel(_level)

# Each ProcessingStep makes a session for Docker, four clients, only to ask a method for its name; the class knows it.
_steps: Any = importlib.import_module("sagemaker.mlops.workflow.steps")
_local_client = _steps.LocalSagemakerClient
_steps.LocalSagemakerClient = lambda: _local_client

# The SDK validates its defaults, and the schema of the defaults, at each of sixty look-ups: nine tenths of the time of
# a definition. Ours are one constant (see `session`), which a test validates.
SageMakerConfig = importlib.import_module("sagemaker.core.config.config_manager").SageMakerConfig
SageMakerConfig.validate_sagemaker_config = staticmethod(lambda _config=None: None)

# Its own accounts of what it does are about an API that we do not call here; errors stay.
# Some of its loggers have a level of their own.
logging.getLogger("sagemaker").setLevel(logging.ERROR)
for _name in [name for name in logging.root.manager.loggerDict if name.partition(".")[0] == "sagemaker"]:
    logging.getLogger(_name).addFilter(lambda record: record.levelno >= logging.ERROR)

# Said at each step: that nothing runs yet, which is the point; and of an argument that the SDK itself sets.
for _message in ("Running within a PipelineSession", "The 'dependencies' parameter is deprecated"):
    warnings.filterwarnings("ignore", message=_message)
