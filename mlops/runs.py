"""Executions as the registry of SageMaker tells them: steps, metrics, the package, the end of a log. Plain boto3."""

import json
from datetime import UTC, datetime

import boto3
from botocore.exceptions import ClientError

from contract import package
from contract.documents import Document
from contract.errors import InputError
from contract.findings import UNDEFINED

#: Executions that will not change any more.
ENDED = ("Succeeded", "Failed", "Stopped")

#: Where the log of a step's job lies: the step's metadata key → log group.
LOG_GROUPS = {
    "ProcessingJob": "/aws/sagemaker/ProcessingJobs",
    "TrainingJob": "/aws/sagemaker/TrainingJobs",
    "TransformJob": "/aws/sagemaker/TransformJobs",
}

#: What a listing of steps shows of each, in AWS's words.
STEP_FIELDS = ("StepName", "StepStatus", "StartTime", "EndTime", "CacheHitResult", "FailureReason", "Metadata")


def pipelines() -> list[str]:
    """The names of the pipelines, sorted."""
    pages = boto3.client("sagemaker").get_paginator("list_pipelines").paginate()
    return sorted(entry["PipelineName"] for page in pages for entry in page["PipelineSummaries"])


def executions(name: str) -> list[Document]:
    """The executions of a pipeline, newest first, as AWS lists them. Raises InputError when there is none so called."""
    client = boto3.client("sagemaker")
    pages = client.get_paginator("list_pipeline_executions").paginate(
        PipelineName=name, SortBy="CreationTime", SortOrder="Descending"
    )
    try:
        return [entry for page in pages for entry in page["PipelineExecutionSummaries"]]
    except client.exceptions.ResourceNotFound:
        raise InputError(f"No pipeline {name!r} ran yet: `mlops executions` lists what did.") from None


def find(identifier: str | None) -> str:
    """The ARN of an execution: an ARN, the id at its end, or the newest one. Raises InputError when there is none."""
    if identifier and identifier.startswith("arn:"):
        return identifier
    known = [entry for name in pipelines() for entry in executions(name)]
    if identifier:
        known = [entry for entry in known if entry["PipelineExecutionArn"].rpartition("/")[2] == identifier]
    if not known:
        wanted = f"There is no execution {identifier}" if identifier else "There is no execution yet"
        raise InputError(f"{wanted}: `mlops executions` lists them, `mlops run NAME` starts one.")
    newest: Document = max(known, key=lambda entry: entry["StartTime"])
    return str(newest["PipelineExecutionArn"])


def describe(arn: str) -> Document:
    """DescribePipelineExecution, without the HTTP part."""
    found: Document = boto3.client("sagemaker").describe_pipeline_execution(PipelineExecutionArn=arn)
    found.pop("ResponseMetadata", None)
    return found


def steps(arn: str) -> list[Document]:
    """The steps that have begun, in the order of their begin, with their type (StepType)."""
    pages = (
        boto3.client("sagemaker")
        .get_paginator("list_pipeline_execution_steps")
        .paginate(PipelineExecutionArn=arn, SortOrder="Ascending")
    )
    found = [entry for page in pages for entry in page["PipelineExecutionSteps"]]
    return [
        {"StepName": step["StepName"], "StepType": kind(step)}
        | {key: step[key] for key in STEP_FIELDS[1:] if step.get(key) is not None}
        for step in found
    ]


def kind(step: Document) -> str:
    """Processing, Training, … out of the step's metadata."""
    for name in step.get("Metadata") or {}:
        return str(name).removesuffix("Job")
    return ""


def duration(entry: Document) -> float | None:
    """Seconds from begin to end, or until now; None when it has not begun."""
    begin = entry.get("StartTime") or entry.get("CreationTime")
    if begin is None:
        return None
    end = entry.get("EndTime") or datetime.now(UTC)
    return max(0.0, float((end - begin).total_seconds()))


def report(arn: str) -> Document:
    """What `run --json` and `execution --json` print."""
    execution, found = describe(arn), steps(arn)
    document: Document = {
        "PipelineExecutionArn": arn,
        "PipelineExecutionStatus": execution["PipelineExecutionStatus"],
        "Steps": found,
        "Metrics": metrics(found),
    }
    if execution["PipelineExecutionStatus"] == "Failed":
        document["FailureReason"] = reason(execution, found)
    if registered := model_package(found):
        document["ModelPackageArn"] = registered
    return document


def reason(execution: Document, found: list[Document]) -> str:
    """Why it failed: the failed steps' own reasons where there are any."""
    said = [f"{step['StepName']}: {step['FailureReason']}" for step in found if step.get("FailureReason")]
    return " ".join(said) or execution.get("FailureReason") or "No reason was given."


def metrics(found: list[Document]) -> dict[str, float]:
    """The metrics that the test split defines, out of the gate's document; empty when no evaluation ended well."""
    evaluated = evaluation(found)
    return defined(evaluated[1]) if evaluated else {}


def defined(gate: Document) -> dict[str, float]:
    """The metrics of a gate's document that have a value."""
    return {name: value for name, value in gate.get("metrics", {}).items() if value != UNDEFINED}


def evaluation(found: list[Document]) -> tuple[str, Document] | None:
    """Where the execution's evaluation lies (an s3:// prefix) and its gate's document; None when there is none."""
    for step in reversed(found):
        arn = (step.get("Metadata") or {}).get("ProcessingJob", {}).get("Arn")
        if arn and step["StepStatus"] == "Succeeded":
            job = boto3.client("sagemaker").describe_processing_job(ProcessingJobName=arn.rpartition("/")[2])
            for place in _outputs(job):
                if (document := _json_object(place, package.GATE)) is not None:
                    return place, document
    return None


def _outputs(job: Document) -> list[str]:
    return [
        output["S3Output"]["S3Uri"]
        for output in job.get("ProcessingOutputConfig", {}).get("Outputs", [])
        if "S3Output" in output
    ]


def _json_object(place: str, name: str) -> Document | None:
    bucket, _, prefix = place.removeprefix("s3://").partition("/")
    key = f"{prefix.rstrip('/')}/{name}"
    try:
        body = boto3.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
    except ClientError as error:
        if error.response["Error"]["Code"] in ("NoSuchKey", "404"):
            return None
        raise
    loaded: Document = json.loads(body)
    return loaded


def model_package(found: list[Document]) -> str | None:
    """The ARN of the package that the execution registered."""
    for step in found:
        if arn := (step.get("Metadata") or {}).get("RegisterModel", {}).get("Arn"):
            return str(arn)
    return None


def approval_status(arn: str) -> str:
    """The approval status of a model package."""
    return str(boto3.client("sagemaker").describe_model_package(ModelPackageName=arn)["ModelApprovalStatus"])


def registered_as(group: str, report: Document) -> str | None:
    """The newest package of `group` when it already is the model that a succeeded execution built; else None."""
    evaluated = evaluation(report["Steps"])
    if report["PipelineExecutionStatus"] != "Succeeded" or evaluated is None:
        return None
    client = boto3.client("sagemaker")
    newest = client.list_model_packages(
        ModelPackageGroupName=group, SortBy="CreationTime", SortOrder="Descending", MaxResults=1
    )["ModelPackageSummaryList"]
    if not newest:
        return None
    arn = str(newest[0]["ModelPackageArn"])
    metadata = client.describe_model_package(ModelPackageName=arn).get("CustomerMetadataProperties", {})
    return arn if metadata.get(package.ARTEFACT_HASH) == evaluated[1]["artefact"] else None


def log(step: Document, lines: int = 20) -> list[str]:
    """The last lines that the step's job printed; empty for a step without a job or without a log."""
    logs = boto3.client("logs")
    for key, group in LOG_GROUPS.items():
        arn = (step.get("Metadata") or {}).get(key, {}).get("Arn")
        if not arn:
            continue
        name = arn.rpartition("/")[2]
        try:
            streams = logs.describe_log_streams(logGroupName=group, logStreamNamePrefix=f"{name}/")["logStreams"]
            found = [
                event["message"]
                for stream in streams
                for event in logs.get_log_events(
                    logGroupName=group, logStreamName=stream["logStreamName"], limit=lines, startFromHead=False
                )["events"]
            ]
        except logs.exceptions.ResourceNotFoundException:
            return []
        return found[-lines:]
    return []
