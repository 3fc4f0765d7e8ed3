"""Set the target once: everything below speaks plain boto3 and knows nothing of it."""

import contextlib
import importlib.resources
import json
import os
import sys
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Any

import boto3

from contract.errors import InputError
from local_aws import launch

ROLE = "mlops-pipeline-execution"
REGION = "us-east-1"

#: Who may take the role.
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "sagemaker.amazonaws.com"}}],
}

#: Folders of which a project has one.
PROJECT = ("model_build/pipelines", "model_deploy/stages")

#: What of the user's own AWS settings would lead past the local server.
FOREIGN = (
    "AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN", "AWS_ROLE_ARN",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
)  # fmt: skip


class Target(StrEnum):
    """Where a command works: on this machine, or in the account of the user's credentials."""

    local = "local"
    aws = "aws"


def home() -> Path:
    """The folder of the local state: MLOPS_LOCAL_HOME, else `.local_aws` in the working directory."""
    return Path(os.environ.get("MLOPS_LOCAL_HOME") or ".local_aws").resolve()


def images() -> Path:
    """The table of images that the local server is handed."""
    return Path(str(importlib.resources.files("containers") / "images.toml"))


def region() -> str:
    return os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or REGION


def up(begin: bool = False) -> launch.Status:
    """Start the local server when it is not running; `begin`: also where nothing is yet.

    Raises StartError with the reason when it does not come up, InputError where neither project nor state is.
    """
    if not (begin or os.environ.get("MLOPS_LOCAL_HOME") or home().is_dir() or any(map(os.path.isdir, PROJECT))):
        raise InputError(
            f"In {Path.cwd()} is neither a project nor the local state of one (.local_aws): go to the project's folder "
            "or name that state's folder in MLOPS_LOCAL_HOME; `mlops local up` begins a new one here."
        )
    commands = str(Path(sys.executable).parent)  # uv is there, and saves each build to install it
    if commands not in os.environ.get("PATH", "").split(os.pathsep):
        os.environ["PATH"] = os.pathsep.join([commands, os.environ.get("PATH", os.defpath)])
    return launch.up(home(), images(), region())


def environment(status: launch.Status) -> dict[str, str]:
    """What makes boto3, the aws command line and awswrangler use the local server."""
    return {
        "AWS_ENDPOINT_URL": status.Endpoint or "",
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_REGION": region(),
        "AWS_DEFAULT_REGION": region(),
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def foreign() -> list[str]:
    """What is set and would lead past the local server: of FOREIGN, and addresses of single services."""
    return sorted(name for name in os.environ if name in FOREIGN or name.startswith("AWS_ENDPOINT_URL_"))


def _local() -> None:
    for name in foreign():
        del os.environ[name]
    os.environ.update(environment(up()))
    _provide()


def _provide() -> None:
    """The role and the name of the bucket that an account would have from its project's stack."""
    account = boto3.client("sts").get_caller_identity()["Account"]
    os.environ.setdefault("ARTIFACT_BUCKET", f"sagemaker-{region()}-{account}")
    os.environ.setdefault("SAGEMAKER_PIPELINE_ROLE_ARN", f"arn:aws:iam::{account}:role/{ROLE}")
    iam = boto3.client("iam")
    with contextlib.suppress(iam.exceptions.EntityAlreadyExistsException):
        iam.create_role(RoleName=ROLE, AssumeRolePolicyDocument=json.dumps(TRUST))


def _need_names() -> None:
    for name in ("SAGEMAKER_PIPELINE_ROLE_ARN", "ARTIFACT_BUCKET"):
        if not os.environ.get(name):
            raise InputError(
                f"{name} is not set: on the target aws it names what the project's stack made; "
                "`mlops bootstrap NAME --target aws` makes it and prints both."
            )


#: What makes boto3's defaults mean a target, and what a target needs beyond that before models are built there.
_REACH: dict[Target, Callable[[], None]] = {Target.local: _local, Target.aws: lambda: None}
_NEEDS: dict[Target, Callable[[], None]] = {Target.local: lambda: None, Target.aws: _need_names}


def reach(target: Target) -> None:
    """Make boto3's defaults mean `target`, for this process and its children; enough for a project that is to be made.

    Raises StartError when the local server does not come up.
    """
    _REACH[target]()


def connect(target: Target) -> None:
    """As `reach`, where what the project's stack made is known. Raises StartError, InputError without a setting."""
    _NEEDS[target]()
    reach(target)


def job(arn: str) -> list[dict[str, Any]]:
    """What the local server kept of a job, one document a host: `Command`, `Environment`, `Folder`.

    Raises InputError when it keeps nothing of it any more.
    """
    name = arn.rpartition("/")[2]
    kept = sorted(home().glob(f"jobs/*/{name}/algo-*/command.json"))
    if not kept:
        raise InputError(f"{home()} keeps nothing of the job {name} any more: run the step again.")
    return [json.loads(path.read_text()) for path in kept]
