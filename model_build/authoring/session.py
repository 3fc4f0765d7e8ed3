"""The SDK's session for authoring: it knows account and bucket, so that writing a definition needs no network."""

from typing import Any

import boto3
from sagemaker.core.workflow.pipeline_context import PipelineSession

from model_build.target import Target

#: Takes the place of the user's own SDK defaults, which would make definitions differ between machines.
DEFAULTS: dict[str, Any] = {
    "SchemaVersion": "1.0",
    "SageMaker": {"PythonSDK": {"Modules": {"TelemetryOptOut": True}}},
}


class AuthoringSession(PipelineSession):  # type: ignore[misc]
    """The same definition with credentials and without; `upsert` of the SDK works once there are some."""

    def __init__(self, target: Target) -> None:
        super().__init__(
            boto_session=boto3.Session(region_name=target.region),
            default_bucket=target.bucket,
            sagemaker_config=DEFAULTS,
        )
        self.target = target

    def account_id(self) -> str:
        return self.target.account

    def default_bucket(self) -> str:
        return self.target.bucket
