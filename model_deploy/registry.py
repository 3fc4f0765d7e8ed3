"""The registry as a deployment reads it."""

from typing import Any

from contract.documents import Document
from contract.errors import InputError

NEWEST = "newest"


def describe(sagemaker: Any, arn: str) -> Document:
    """A version, as DescribeModelPackage answers, without the call's own metadata."""
    answer: Document = sagemaker.describe_model_package(ModelPackageName=arn)
    return {key: value for key, value in answer.items() if key != "ResponseMetadata"}


def newest_approved(sagemaker: Any, group: str) -> Document:
    """The approved version with the highest number. Raises InputError when no version of `group` is approved."""
    pages = sagemaker.get_paginator("list_model_packages").paginate(
        ModelPackageGroupName=group, ModelApprovalStatus="Approved", ModelPackageType="Versioned"
    )
    versions = [version for page in pages for version in page["ModelPackageSummaryList"]]
    if not versions:
        raise InputError(f"No version of {group} is approved; mlops approve does it.")
    return describe(sagemaker, max(versions, key=lambda version: version["ModelPackageVersion"])["ModelPackageArn"])


def chosen(sagemaker: Any, group: str, arn: str) -> Document:
    """The version `arn`, or the newest approved one without an ARN.

    Raises InputError for "newest", with which a commit starts an execution: promotion stops such a one and starts
    another that names its version, so that nothing passes the ledger by.
    """
    if arn == NEWEST:
        raise InputError("This execution names no version; promotion starts one that does, once a version is approved.")
    return describe(sagemaker, arn) if arn else newest_approved(sagemaker, group)
