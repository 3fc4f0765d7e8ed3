"""The documents of executions, and of the steps in them."""

import hashlib
import secrets
import string
from typing import Any

from local_aws.errors import AwsError
from local_aws.events import bus
from local_aws.operations import Aws
from local_aws.pipelines import catalogue, events
from local_aws.pipelines.definition import Definition, read
from local_aws.pipelines.steps.kind import Step

Document = dict[str, Any]

KIND = "sagemaker:PipelineExecution"

#: Job → the step that waits for its end.
JOBS = "sagemaker:StepOfJob"

_ALPHABET = string.ascii_lowercase + string.digits


def new(aws: Aws, pipeline: Document, version: int, parameters: Document, more: Document) -> Document:
    """The document of an execution that begins now."""
    identity, now = "".join(secrets.choice(_ALPHABET) for _ in range(12)), aws.clock.now()
    return {
        "PipelineName": pipeline["PipelineName"],
        "PipelineArn": pipeline["PipelineArn"],
        "PipelineExecutionId": identity,
        "PipelineExecutionArn": f"{pipeline['PipelineArn']}/execution/{identity}",
        "PipelineExecutionDisplayName": f"execution-{int(now * 1000)}",
        "PipelineExecutionStatus": "Executing",
        "PipelineVersionId": version,
        "CreationTime": now,
        "LastModifiedTime": now,
        "Parameters": parameters,
        "Steps": {},
    } | more


def key_of(arn: str) -> str:
    """`arn:…:pipeline/credit/execution/x1` → `credit/x1`, the key in the store."""
    pipeline, _, identity = arn.partition(":pipeline/")[2].partition("/execution/")
    return f"{pipeline}/{identity}"


def load(aws: Aws, arn: str) -> Document:
    """Raises AwsError "ResourceNotFound"."""
    execution = aws.store.get(KIND, key_of(arn))
    if execution is None:
        raise AwsError("ResourceNotFound", f"Pipeline execution with ARN {arn} does not exist.")
    return execution


def save(aws: Aws, execution: Document) -> None:
    execution["LastModifiedTime"] = aws.clock.now()
    key = key_of(execution["PipelineExecutionArn"])
    if bus.awaited(aws):
        events.tell(aws, aws.store.get(KIND, key), execution)
    aws.store.put(KIND, key, execution)


def of_pipeline(aws: Aws, name: str) -> list[Document]:
    """A pipeline's executions, oldest first."""
    return [execution for _, execution in aws.store.scan(KIND, f"{name}/")]


def definition_text(aws: Aws, execution: Document) -> str:
    """The definition with which the execution was started, whatever the pipeline has become."""
    return str(catalogue.version(aws, execution["PipelineName"], execution["PipelineVersionId"])["PipelineDefinition"])


def definition_of(aws: Aws, execution: Document) -> Definition:
    return read(definition_text(aws, execution))


def new_entry(step: Step, now: float) -> Document:
    """A step that starts now."""
    entry = {
        "StepName": step.name,
        "StepType": step.kind.name,
        "StartTime": now,
        "StepStatus": "Starting",
        "AttemptCount": 0,
        "Metadata": {},
    }
    described = {
        "StepDisplayName": step.document.get("DisplayName"),
        "StepDescription": step.document.get("Description"),
    }
    return entry | {name: text for name, text in described.items() if text}


def resource_name(execution: Document, step: str, attempt: int) -> str:
    """`pipelines-<execution>-<step>-<suffix>`, at most 63 characters, as AWS names what a pipeline makes.

    The same for the same attempt, so that a machine that was killed goes on with the job that it had begun.
    """
    identity, retries = execution["PipelineExecutionId"], execution.get("Retries", 0)
    suffix = hashlib.sha256(f"{identity}/{step}/{retries}/{attempt}".encode()).hexdigest()[:10]
    return f"pipelines-{identity}-{step.replace('_', '-')[:29]}-{suffix}"
