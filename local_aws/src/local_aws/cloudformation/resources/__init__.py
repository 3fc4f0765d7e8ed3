"""The resource types that stacks can have: a row each, in the module of their service."""

from collections.abc import Mapping

from local_aws.cloudformation.resources import (
    autoscaling,
    cloudwatch,
    codebuild,
    codecommit,
    codepipeline,
    events,
    functions,
    iam,
    kms,
    logs,
    s3,
    sagemaker,
    scheduler,
    sns,
    sqs,
)
from local_aws.cloudformation.resources.kind import ResourceType

TYPES: Mapping[str, ResourceType] = {
    row.type: row
    for rows in (
        autoscaling.TYPES,
        cloudwatch.TYPES,
        codebuild.TYPES,
        codecommit.TYPES,
        codepipeline.TYPES,
        events.TYPES,
        functions.TYPES,
        iam.TYPES,
        kms.TYPES,
        logs.TYPES,
        s3.TYPES,
        sagemaker.TYPES,
        scheduler.TYPES,
        sns.TYPES,
        sqs.TYPES,
    )
    for row in rows
}
