"""The SDK's sessions: one that writes definitions without network, one that calls AWS."""

from functools import cache
from typing import Any

import boto3
from sagemaker.core.workflow.pipeline_context import PipelineSession

from model_build.authoring import detached
from model_build.target import Target

#: Takes the place of the user's own SDK defaults, which would make definitions differ between machines.
DEFAULTS: dict[str, Any] = {
    "SchemaVersion": "1.0",
    "SageMaker": {"PythonSDK": {"Modules": {"TelemetryOptOut": True}}},
}


class AuthoringSession(PipelineSession):  # type: ignore[misc]
    """Knows account and bucket, so that the definition is the same with credentials and without."""

    def __init__(self, target: Target, boto_session: boto3.Session) -> None:
        super().__init__(boto_session=boto_session, default_bucket=target.bucket, sagemaker_config=DEFAULTS)
        self.target = target

    def account_id(self) -> str:
        return self.target.account

    def default_bucket(self) -> str:
        return self.target.bucket


@cache
def offline(target: Target) -> AuthoringSession:
    """The session that writes definitions for `target`; making one takes a second."""
    with detached(target.region):
        return AuthoringSession(target, boto3.Session(region_name=target.region))


def connected(target: Target) -> AuthoringSession:
    """A session with the user's own credentials."""
    return AuthoringSession(target, boto3.Session(region_name=target.region))
