"""The project of a pipeline: what its stacks, bucket, repositories and CodePipelines are called in this account."""

import hashlib
import os
import re
from collections.abc import Callable
from dataclasses import dataclass

import boto3

from contract.errors import InputError
from mlops import target as targets

STAGES = ("staging", "prod")

#: What the project's stack takes as its name (model_deploy/templates/project/foundation.yml), and how long it may be:
#: names of roles and rules, which hold name and id, have 64 characters.
_NAME, LONGEST = re.compile(r"[a-z](-*[a-z0-9])*"), 27


@dataclass(frozen=True)
class Project:
    """`name` is the pipeline's. The names are those of AWS's build/deploy template."""

    name: str
    id: str
    account: str
    region: str

    @property
    def stack(self) -> str:
        """The stack that holds everything but the stages."""
        return f"sagemaker-{self.name}-{self.id}"

    @property
    def bucket(self) -> str:
        return f"sagemaker-project-{self.id}"

    @property
    def pipeline(self) -> str:
        """The CodePipeline of the deployment."""
        return f"{self.name}-{self.id}-modeldeploy"

    @property
    def build_pipeline(self) -> str:
        return f"{self.name}-{self.id}-modelbuild"

    @property
    def group(self) -> str:
        """The model package group that `mlops run` registers into."""
        return os.environ.get("SOURCE_MODEL_PACKAGE_GROUP_NAME") or self.name

    @property
    def tags(self) -> dict[str, str]:
        return {"sagemaker:project-name": self.name, "sagemaker:project-id": self.id}

    def stage_stack(self, stage: str) -> str:
        return f"{self.stack}-deploy-{stage}"

    def data(self, stage: str) -> str:
        """The prefix of a stage's captures, queues and batches in the bucket."""
        return f"deployments/{self.name}/{stage}"


def find(name: str) -> Project:
    """The project of the pipeline `name` in the account that is connected.

    Raises InputError for a name that stacks and endpoints cannot have.
    """
    if not deployable(name):
        raise InputError(
            f"{name!r} cannot be deployed: endpoints and stacks are called after the pipeline, and take up to "
            f"{LONGEST} small letters, digits and hyphens that begin with a letter. Rename its folder."
        )
    account = str(boto3.client("sts").get_caller_identity()["Account"])
    region = targets.region()
    return Project(name, os.environ.get("SAGEMAKER_PROJECT_ID") or identifier(account, region, name), account, region)


def deployable(name: str) -> bool:
    """Whether stacks and endpoints can be called after it."""
    return len(name) <= LONGEST and _NAME.fullmatch(name) is not None


def identifier(account: str, region: str, name: str) -> str:
    """The same for the same pipeline, and another one elsewhere: buckets share one name space across accounts."""
    return "p-" + hashlib.sha256(f"{account}/{region}/{name}".encode()).hexdigest()[:12]


def names(exists: Callable[[str], bool]) -> list[str]:
    """Those of the registry's model groups whose project `exists`; the argument is the name of its stack."""
    pages = boto3.client("sagemaker").get_paginator("list_model_package_groups").paginate()
    groups = sorted(entry["ModelPackageGroupName"] for page in pages for entry in page["ModelPackageGroupSummaryList"])
    return [group for group in groups if deployable(group) and exists(find(group).stack)]


def check_stage(stage: str) -> None:
    """Raises InputError when there is no such stage."""
    if stage not in STAGES:
        raise InputError(f"{stage!r} is no stage: {' or '.join(STAGES)}.")
