"""What EventBridge hears of endpoints.

https://docs.aws.amazon.com/sagemaker/latest/dg/automating-sagemaker-with-eventbridge.html: statuses in capitals
("IN_SERVICE", "ROLLING_BACK"), times in milliseconds.
"""

import re
from typing import Any

from local_aws.events import bus
from local_aws.operations import Aws

Document = dict[str, Any]


def tell(aws: Aws, described: Document, *, deployment: bool = False) -> None:
    """The endpoint as DescribeEndpoint shows it; inside the transaction that changes it."""
    if not bus.awaited(aws):
        return
    kind = "SageMaker Endpoint Deployment State Change" if deployment else "SageMaker Endpoint State Change"
    status = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", described["EndpointStatus"]).upper()
    tags = {tag["Key"]: tag["Value"] for tag in described.get("Tags") or []}
    detail = _plain({key: value for key, value in described.items() if value is not None})
    bus.emit(
        aws,
        "aws.sagemaker",
        kind,
        detail | {"EndpointStatus": status, "Tags": tags},
        [described["EndpointArn"]],
    )


def _plain(value: Any, name: str = "") -> Any:
    if isinstance(value, dict):
        return {key: _plain(inner, key) for key, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    return round(value * 1000) if name.endswith("Time") else value
