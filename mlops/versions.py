"""Versions in the registry as commands name them: NAME for the newest, NAME:VERSION for one."""

from typing import Any

import boto3
from botocore.exceptions import ClientError

from contract.documents import Document
from contract.errors import InputError
from mlops.projects import Project

#: How long a note may be in the registry. API_UpdateModelPackage: ApprovalDescription.
NOTE = 1024


def split(text: str) -> tuple[str, int | None]:
    """`credit:3` → ("credit", 3), `credit` → ("credit", None). Raises InputError for a version that is no number."""
    name, colon, number = text.partition(":")
    if colon and not (number.isdecimal() and int(number) > 0):
        raise InputError(f"{text!r} names no version: write NAME:VERSION with a number, as in {name}:3.")
    return name, int(number) if colon else None


def find(project: Project, number: int | None) -> Document:
    """DescribeModelPackage's answer for a version, the newest without a number. Raises InputError without one."""
    arns = known(project)
    if not arns:
        raise InputError(f"No version of {project.group!r} is registered: `mlops run {project.name}` builds one.")
    number = number or max(arns)
    if number not in arns:
        listed = ", ".join(map(str, sorted(arns)))
        raise InputError(f"{project.group!r} has no version {number}; it has {listed}.")
    found: Any = boto3.client("sagemaker").describe_model_package(ModelPackageName=arns[number])
    return {key: value for key, value in found.items() if key != "ResponseMetadata"}


def known(project: Project) -> dict[int, str]:
    """Number → ARN of every version; empty when there is no such group."""
    pages = boto3.client("sagemaker").get_paginator("list_model_packages").paginate(ModelPackageGroupName=project.group)
    try:
        found = [entry for page in pages for entry in page["ModelPackageSummaryList"]]
    except ClientError as error:
        if error.response["Error"]["Code"] not in ("ValidationException", "ResourceNotFound"):
            raise
        return {}
    return {entry["ModelPackageVersion"]: entry["ModelPackageArn"] for entry in found}


def decide(arn: str, status: str, note: str) -> None:
    """Set the approval status of a version. Raises InputError for a note that is too long."""
    if len(note) > NOTE:
        raise InputError(f"--note holds {len(note)} characters, the registry takes {NOTE}.")
    described = {"ApprovalDescription": note} if note else {}
    boto3.client("sagemaker").update_model_package(ModelPackageArn=arn, ModelApprovalStatus=status, **described)
