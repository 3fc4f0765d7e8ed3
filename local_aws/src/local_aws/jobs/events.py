"""What EventBridge hears of jobs: the job as Describe… shows it, with times in milliseconds.

https://docs.aws.amazon.com/sagemaker/latest/dg/automating-sagemaker-with-eventbridge.html
"""

from typing import Any

from local_aws.events import bus
from local_aws.jobs.kind import Document, Kind
from local_aws.operations import Aws
from local_aws.wire.models import operation_model


def tell(aws: Aws, kind: Kind, document: Document) -> None:
    """Emit a job's change of status; inside the transaction that makes it."""
    if not bus.awaited(aws):
        return
    shape: Any = operation_model("sagemaker", f"Describe{kind.name}Job").output_shape
    detail = _plain(shape, document)
    bus.emit(aws, "aws.sagemaker", kind.title, detail, [document[kind.arn_member]])


def _plain(shape: Any, value: Any) -> Any:
    if value is None or shape.type_name not in ("structure", "list", "timestamp"):
        return value
    if shape.type_name == "timestamp":
        return round(value * 1000)
    if shape.type_name == "list":
        return [_plain(shape.member, item) for item in value]
    return {name: _plain(shape.members[name], item) for name, item in value.items() if name in shape.members}
