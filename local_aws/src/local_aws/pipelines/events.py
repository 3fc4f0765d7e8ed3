"""What EventBridge hears of executions and their steps: every change of a status that a commit makes visible.

https://docs.aws.amazon.com/sagemaker/latest/dg/automating-sagemaker-with-eventbridge.html
"""

from typing import Any

from local_aws.events import bus
from local_aws.operations import Aws

Document = dict[str, Any]


def tell(aws: Aws, before: Document | None, after: Document) -> None:
    """Emit what differs between two states of an execution; inside the transaction that saves the second."""
    held = before or {"PipelineExecutionStatus": None, "Steps": {}}
    resources = (after["PipelineArn"], after["PipelineExecutionArn"])
    for name, entry in after["Steps"].items():
        previous = held["Steps"].get(name, {}).get("StepStatus")
        if previous != entry["StepStatus"]:
            detail = _step(after, entry, previous)
            bus.emit(
                aws,
                "aws.sagemaker",
                "SageMaker Model Building Pipeline Execution Step Status Change",
                detail,
                resources,
            )
    if held["PipelineExecutionStatus"] != after["PipelineExecutionStatus"]:
        bus.emit(
            aws,
            "aws.sagemaker",
            "SageMaker Model Building Pipeline Execution Status Change",
            _execution(after, held["PipelineExecutionStatus"]),
            resources,
        )


def _execution(execution: Document, previous: str | None) -> Document:
    status = execution["PipelineExecutionStatus"]
    ended = status not in ("Executing", "Stopping")
    return {
        "pipelineExecutionDescription": execution.get("PipelineExecutionDescription", ""),
        "pipelineExecutionDisplayName": execution["PipelineExecutionDisplayName"],
        "currentPipelineExecutionStatus": status,
        **({"previousPipelineExecutionStatus": previous} if previous else {}),
        "executionStartTime": bus.iso(execution["CreationTime"]),
        **({"executionEndTime": bus.iso(execution["LastModifiedTime"])} if ended else {}),
        "pipelineArn": execution["PipelineArn"],
        "pipelineExecutionArn": execution["PipelineExecutionArn"],
    }


def _step(execution: Document, entry: Document, previous: str | None) -> Document:
    metadata = {f"{name[0].lower()}{name[1:]}": _lower(value) for name, value in entry["Metadata"].items()}
    return {
        "metadata": metadata,
        "stepStartTime": bus.iso(entry["StartTime"]),
        **({"stepEndTime": bus.iso(entry["EndTime"])} if "EndTime" in entry else {}),
        "stepName": entry["StepName"],
        "stepType": entry["StepType"],
        **({"previousStepStatus": previous} if previous else {}),
        "currentStepStatus": entry["StepStatus"],
        **({"failureReason": entry["FailureReason"]} if "FailureReason" in entry else {}),
        "pipelineArn": execution["PipelineArn"],
        "pipelineExecutionArn": execution["PipelineExecutionArn"],
    }


def _lower(value: Any) -> Any:
    """Names of members begin with a small letter in events."""
    if isinstance(value, dict):
        return {f"{name[:1].lower()}{name[1:]}": _lower(item) for name, item in value.items()}
    return value
