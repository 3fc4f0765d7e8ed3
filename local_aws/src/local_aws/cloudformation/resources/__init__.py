"""The resource types that stacks can have: a row each, in the module of their service."""

from collections.abc import Mapping

from local_aws.cloudformation.resources import iam, logs, s3, sagemaker
from local_aws.cloudformation.resources.kind import ResourceType

TYPES: Mapping[str, ResourceType] = {
    row.type: row for rows in (iam.TYPES, logs.TYPES, s3.TYPES, sagemaker.TYPES) for row in rows
}
