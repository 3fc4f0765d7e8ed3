"""Where a definition is made for: the four names in which two definitions of the same pipeline may differ."""

import os
from dataclasses import dataclass
from typing import Any

REGION = "us-east-1"
#: AWS's example account: it stands in a definition that is printed without network.
ACCOUNT = "123456789012"
ROLE_NAME = "mlops-pipeline-execution"


@dataclass(frozen=True)
class Target:
    region: str
    account: str
    bucket: str
    role: str


def resolve(
    account: str = ACCOUNT, region: str | None = None, bucket: str | None = None, role: str | None = None
) -> Target:
    """Fill in what is not given, without network; region: the argument, AWS_REGION, AWS_DEFAULT_REGION, us-east-1."""
    region = region or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or REGION
    return Target(
        region=region,
        account=account,
        bucket=bucket or os.environ.get("ARTIFACT_BUCKET") or f"sagemaker-{region}-{account}",
        role=role or os.environ.get("SAGEMAKER_PIPELINE_ROLE_ARN") or f"arn:aws:iam::{account}:role/{ROLE_NAME}",
    )


def connected(session: Any, bucket: str | None = None, role: str | None = None) -> Target:
    """The target of the credentials in `session` (boto3); asks STS for the account."""
    account = session.client("sts").get_caller_identity()["Account"]
    return resolve(account, session.region_name, bucket, role)
