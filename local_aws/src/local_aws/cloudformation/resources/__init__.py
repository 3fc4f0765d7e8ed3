"""The resource types that stacks can have: a row each, in the module of their service."""

from collections.abc import Mapping

from local_aws.cloudformation.resources import iam, kms, logs, s3, sagemaker, sns
from local_aws.cloudformation.resources.kind import ResourceType

TYPES: Mapping[str, ResourceType] = {
    row.type: row for rows in (iam.TYPES, kms.TYPES, logs.TYPES, s3.TYPES, sagemaker.TYPES, sns.TYPES) for row in rows
}
