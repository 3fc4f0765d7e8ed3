"""What SageMaker writes down of each job that ends: a trial component, its image, what it took in and what it put out.

Source: "Amazon SageMaker AI-Created Tracking Entities", developer guide. The S3 URIs of the request are artifacts, so
that what one job put out and another took in is one thing. All is written inside the transaction that ends the job.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from local_aws.jobs.jobs import Jobs
from local_aws.lineage import associations
from local_aws.lineage.entities import TRIAL_COMPONENT
from local_aws.lineage.recording import artifact
from local_aws.operations import Aws

Document = dict[str, Any]

#: (name, artifact type, URI)
Ends = Iterator[tuple[str, str, str]]

EXECUTION_TAG = "sagemaker:pipeline-execution-arn"


@dataclass(frozen=True)
class JobKind:
    """What a kind of job takes in and puts out."""

    inputs: Callable[[Document], Ends]
    outputs: Callable[[Document], Ends]


def _training_inputs(job: Document) -> Ends:
    if image := job["AlgorithmSpecification"].get("TrainingImage"):
        yield "SageMaker.ImageUri", "Image", image
    for channel in job.get("InputDataConfig", []):
        if uri := channel["DataSource"].get("S3DataSource", {}).get("S3Uri"):
            yield channel["ChannelName"], "DataSet", uri


def _training_outputs(job: Document) -> Ends:
    if uri := job.get("ModelArtifacts", {}).get("S3ModelArtifacts"):
        yield "SageMaker.ModelArtifact", "Model", uri
    if checkpoints := job.get("CheckpointConfig"):
        yield "SageMaker.Checkpoint", "Checkpoint", checkpoints["S3Uri"]


def _processing_inputs(job: Document) -> Ends:
    if image := job.get("AppSpecification", {}).get("ImageUri"):
        yield "SageMaker.ImageUri", "Image", image
    for entry in job.get("ProcessingInputs", []):
        yield entry["InputName"], "DataSet", entry["S3Input"]["S3Uri"]


def _processing_outputs(job: Document) -> Ends:
    for entry in job.get("ProcessingOutputConfig", {}).get("Outputs", []):
        yield entry["OutputName"], "DataSet", entry["S3Output"]["S3Uri"]


def _transform_inputs(job: Document) -> Ends:
    yield "SageMaker.TransformInput", "DataSet", job["TransformInput"]["DataSource"]["S3DataSource"]["S3Uri"]


def _transform_outputs(job: Document) -> Ends:
    yield "SageMaker.TransformOutput", "DataSet", job["TransformOutput"]["S3OutputPath"]


JOBS: Mapping[str, JobKind] = {
    "Training": JobKind(_training_inputs, _training_outputs),
    "Processing": JobKind(_processing_inputs, _processing_outputs),
    "Transform": JobKind(_transform_inputs, _transform_outputs),
}

#: A job's status → PrimaryStatus of its trial component.
STATUS = {"Completed": "Completed", "Failed": "Failed", "Stopped": "Stopped"}


class Lineage:
    """The part that hears of jobs that end."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws
        aws.part(Jobs).on_end(lambda kind, job: job_ended(aws, kind, job))

    def start(self) -> None:
        """Nothing runs beside the jobs."""

    def stop(self) -> None:
        """Nothing runs beside the jobs."""


def job_ended(aws: Aws, kind: str, job: Document) -> None:
    """The trial component of a job, and its artifacts; what a job that did not complete put out is none."""
    if kind not in JOBS:
        return
    generated = _generated_by(job.get("Tags") or [])
    inputs = list(JOBS[kind].inputs(job))
    outputs = list(JOBS[kind].outputs(job)) if job[f"{kind}JobStatus"] == "Completed" else []
    name = f"{job[f'{kind}JobName']}-aws-{kind.lower()}-job"
    document = {
        "TrialComponentName": name,
        "DisplayName": job[f"{kind}JobName"],
        "Source": {"SourceArn": job[f"{kind}JobArn"], "SourceType": f"SageMaker{kind}Job"},
        "Status": {"PrimaryStatus": STATUS[job[f"{kind}JobStatus"]]},
        "StartTime": job.get(f"{kind}StartTime", job["CreationTime"]),
        "EndTime": job.get(f"{kind}EndTime", job["LastModifiedTime"]),
        "InputArtifacts": {name: {"Value": uri} for name, _, uri in inputs},
        "OutputArtifacts": {name: {"Value": uri} for name, _, uri in outputs},
        **generated,
    }
    component = TRIAL_COMPONENT.put(aws, name, document)
    for _, artifact_type, uri in inputs:
        associations.put(aws, artifact(aws, uri, artifact_type, generated), component, "ContributedTo")
    for _, artifact_type, uri in outputs:
        associations.put(aws, component, artifact(aws, uri, artifact_type, generated), "Produced")


def _generated_by(tags: list[dict[str, str]]) -> Document:
    found = [tag["Value"] for tag in tags if tag["Key"] == EXECUTION_TAG]
    return {"MetadataProperties": {"GeneratedBy": found[0]}} if found else {}
