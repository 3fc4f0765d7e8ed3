"""What the topics of an asynchronous endpoint are told. Pure functions.

https://docs.aws.amazon.com/sagemaker/latest/dg/async-inference-check-predictions.html
AWS documents responseBody by its limit only; its members are those that consumers of real messages read.
"""

import base64
import datetime
from typing import Any

Document = dict[str, Any]

#: Bytes of an answer that still fit into a message.
LARGEST = 128_000

SUCCESS, ERROR = "SUCCESS_NOTIFICATION_TOPIC", "ERROR_NOTIFICATION_TOPIC"


def iso(seconds: float) -> str:
    """`2026-11-21T10:00:00.123Z`."""
    moment = datetime.datetime.fromtimestamp(seconds, datetime.UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def completed(document: Document, region: str, now: float, content_type: str, body: bytes) -> Document:
    """The success topic's message. `document` is the request's (see `requests`)."""
    answered = {"contentType": content_type, "outputLocation": document["OutputLocation"]}
    return (
        _message(document, region, now, "Completed") | {"responseParameters": answered} | _body(document, SUCCESS, body)
    )


def failed(document: Document, region: str, now: float, reason: str, body: bytes | None) -> Document:
    """The error topic's message; `body` is what the model answered, None when it did not."""
    message = _message(document, region, now, "Failed") | {"failureReason": reason}
    if document.get("FailureLocation"):
        message["failureLocation"] = document["FailureLocation"]
    return message | (_body(document, ERROR, body) if body is not None else {})


def _message(document: Document, region: str, now: float, status: str) -> Document:
    given = {"accept": "Accept", "contentType": "ContentType", "customAttributes": "CustomAttributes"}
    parameters = {name: document[member] for name, member in given.items() if document.get(member)}
    parameters["endpointName"] = document["EndpointName"]
    if document.get("InputLocation"):
        parameters["inputLocation"] = document["InputLocation"]
    return {
        "awsRegion": region,
        "eventTime": iso(now),
        "receivedTime": iso(document["Received"]),
        "invocationStatus": status,
        "requestParameters": parameters,
        "inferenceId": document["InferenceId"],
        "eventVersion": "1.0",
        "eventSource": "aws:sagemaker",
        "eventName": "InferenceResult",
    }


def _body(document: Document, topic: str, body: bytes) -> Document:
    wanted = (document["Output"].get("NotificationConfig") or {}).get("IncludeInferenceResponseIn") or []
    if topic not in wanted or len(body) > LARGEST:
        return {}
    return {"responseBody": {"content": base64.b64encode(body).decode(), "encoding": "BASE64"}}
