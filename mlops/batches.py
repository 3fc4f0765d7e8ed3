"""Files through a stage's scoring pipeline: uploaded, scored by a transform job, downloaded."""

import uuid
from pathlib import Path
from typing import Any

import boto3

from contract.errors import InputError
from mlops import objects, stacks
from mlops.invocations import CONTENT_TYPES
from mlops.projects import Project

Document = dict[str, Any]


def settings(project: Project, stage: str) -> dict[str, str]:
    """The parameters of the stage's stack. Raises InputError when it is not there, or has no batches."""
    stack = stacks.find(project.stage_stack(stage))
    found = stacks.parameters(stack) if stack else {}
    if not found:
        raise InputError(f"{project.name} is not deployed to {stage}: `mlops approve {project.name}` begins.")
    if "BatchContentType" not in found:
        raise InputError(f"{stage} has no batches: add batch to the modes of model_deploy/stages/{project.name}.")
    return found


def start(project: Project, stage: str, file: Path) -> str:
    """Upload the file and start the scoring pipeline over it; the execution's ARN.

    Raises InputError for a file that is missing or of another type than the stage's batches.
    """
    if not file.is_file():
        raise InputError(f"There is no file {file}.")
    given = settings(project, stage)
    kind, taken = CONTENT_TYPES.get(file.suffix.lower()), given["BatchContentType"]
    if kind not in (None, taken):
        raise InputError(f"{file} is {kind}; the batches of {stage} take {taken} ([batch] content_type).")
    # Not below batch/in/, where an arrival would start the pipeline once more.
    key = f"{project.data(stage)}/batch/by-hand/{uuid.uuid4().hex}/{file.name}"
    boto3.client("s3").upload_file(str(file), given["DataBucketName"], key)
    answer = boto3.client("sagemaker").start_pipeline_execution(
        PipelineName=f"{project.name}-{stage}-batch", PipelineParameters=[{"Name": "InputKey", "Value": key}]
    )
    return str(answer["PipelineExecutionArn"])


def results(project: Project, stage: str, arn: str, folder: Path) -> list[Path]:
    """Download what the execution wrote into `folder`; the files."""
    bucket = settings(project, stage)["DataBucketName"]
    prefix = f"s3://{bucket}/{project.data(stage)}/batch/out/{arn.rpartition('/')[2]}/"
    return objects.download(prefix, folder)
