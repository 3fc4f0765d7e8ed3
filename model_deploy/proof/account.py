"""The account that a stage lives in, through the role that its tests take on."""

import uuid
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import boto3
from botocore.config import Config

from model_deploy.config import StageName
from model_deploy.project import Project

#: A refused request must be seen, not tried again; and one that hangs must end.
ONCE = Config(retries={"total_max_attempts": 1}, read_timeout=70, max_pool_connections=64)


@dataclass(frozen=True)
class Account:
    """Clients of a stage's account."""

    session: Any
    region: str

    @cached_property
    def runtime(self) -> Any:
        """The endpoints, without retries."""
        return self.session.client("sagemaker-runtime", region_name=self.region, config=ONCE)

    def client(self, service: str) -> Any:
        return self.session.client(service, region_name=self.region)


def enter(project: Project, stage: StageName) -> Account:
    """Take on the role PROJECT-ID-prove of the stage's account. Raises ClientError when AWS refuses."""
    role = project.role(stage).rpartition(":role/")[0] + f":role/{project.name}-{project.id}-prove"
    taken = boto3.client("sts", region_name=project.region).assume_role(
        RoleArn=role, RoleSessionName=f"prove-{stage}-{uuid.uuid4().hex[:8]}"
    )["Credentials"]
    session = boto3.Session(
        aws_access_key_id=taken["AccessKeyId"],
        aws_secret_access_key=taken["SecretAccessKey"],
        aws_session_token=taken["SessionToken"],
    )
    return Account(session, project.region)
