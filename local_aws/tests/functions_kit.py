"""Functions of Lambda, and what they answered."""

import base64
import io
import json
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

ROLE = "arn:aws:iam::123456789012:role/function"

#: What has not happened by then never will, whatever else the machine does.
LONG = 120


def zipped(source: str, name: str = "index.py") -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr(name, source)
    return content.getvalue()


@dataclass
class Lambda:
    """Functions of one server by boto3 clients."""

    client: Callable[..., Any]

    def create(self, name: str, source: str, **more: Any) -> str:
        settings = {"Runtime": "python3.13", "Handler": "index.handle", "Role": ROLE, "Timeout": 60} | more
        made = self.client("lambda").create_function(FunctionName=name, Code={"ZipFile": zipped(source)}, **settings)
        return str(made["FunctionArn"])

    def invoke(self, name: str, event: Any = None, **more: Any) -> Any:
        """The answer's payload, or the whole answer under "Error" when the function failed."""
        answer = self.client("lambda").invoke(FunctionName=name, Payload=json.dumps(event or {}), **more)
        payload = json.loads(answer["Payload"].read() or b"null")
        return {"Error": answer["FunctionError"], **payload} if "FunctionError" in answer else payload

    def log_of(self, name: str, event: Any) -> list[str]:
        """The tail of the log of one invocation."""
        answer = self.client("lambda").invoke(FunctionName=name, Payload=json.dumps(event), LogType="Tail")
        return base64.b64decode(answer["LogResult"]).decode().splitlines()

    def logged(self, name: str) -> list[str]:
        logs = self.client("logs")
        try:
            found = logs.filter_log_events(logGroupName=f"/aws/lambda/{name}")
        except logs.exceptions.ResourceNotFoundException:
            return []
        return [event["message"] for event in found["events"]]


def until(reached: Callable[[], Any]) -> Any:
    """What `reached` gives as soon as it gives something."""
    end = time.monotonic() + LONG
    while not (found := reached()):
        assert time.monotonic() < end, "not reached"
        time.sleep(0.02)
    return found


def received(sqs: Any, url: str) -> dict[str, Any]:
    """The next message of a queue, taken out of it."""
    message: dict[str, Any] = until(
        lambda: sqs.receive_message(QueueUrl=url, WaitTimeSeconds=2, MessageAttributeNames=["All"]).get("Messages")
    )[0]
    sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return message
