"""Accepted requests until they are answered: documents, so that every one of them is answered across a kill.

A request that was being answered when the server was killed is sent to the model again; its result has the same place.
"""

import base64
import json
import uuid
from contextlib import ExitStack
from typing import Any

from local_aws.cloudwatch import metrics
from local_aws.cloudwatch.metrics import Datum, Metric
from local_aws.endpoints.asynchronous import notices
from local_aws.errors import AwsError
from local_aws.operations import Aws
from local_aws.s3 import objects
from local_aws.services import topics
from local_aws.store import DISK_FULL

Document = dict[str, Any]

KIND = "sagemaker:AsyncInvocation"

#: Seconds in the queue and in the model when the request names none.
TTL, TIMEOUT = 21_600, 900

_KEPT = ("EndpointName", "ContentType", "Accept", "CustomAttributes", "InputLocation")


def accept(aws: Aws, request: Document, config: Document, created: float) -> tuple[str, Document]:
    """(key, document) of a new request; inside a transaction.

    request  of InvokeEndpointAsync;  config  the AsyncInferenceConfig that it came to
    created  when its endpoint was created: another endpoint of that name gets none of its requests
    """
    output = config["OutputConfig"]
    stem = str(uuid.uuid4())
    name = request.get("Filename") or f"{stem}.out"
    extension = (request.get("S3OutputPathExtension") or "").strip("/")
    document = {member: request[member] for member in _KEPT if request.get(member)} | {
        "InferenceId": request.get("InferenceId") or str(uuid.uuid4()),
        "Endpoint": created,
        "Received": aws.clock.now(),
        "Seconds": request.get("RequestTTLSeconds") or TTL,
        "Timeout": request.get("InvocationTimeoutSeconds") or TIMEOUT,
        "Output": output,
        "OutputLocation": _place(output["S3OutputPath"], extension, name),
    }
    if output.get("S3FailurePath"):
        failed = f"{name.removesuffix('.out')}-error.out"
        document["FailureLocation"] = _place(output["S3FailurePath"], extension, failed)
    if request.get("Body"):
        document["Body"] = base64.b64encode(request["Body"]).decode()
    key = f"{request['EndpointName']}/{aws.store.next_seq():016d}"
    aws.store.put(KIND, key, document)
    return key, document


def _place(path: str, extension: str, name: str) -> str:
    return "/".join(part for part in (path.rstrip("/"), extension, name) if part)


def waiting(aws: Aws) -> list[tuple[str, Document]]:
    """Every accepted request, oldest first."""
    return aws.store.scan(KIND)


def backlog(aws: Aws, endpoint: str) -> int:
    """How many requests wait or are being answered."""
    prefix = f"{endpoint}/"
    row = aws.store.sql(
        "SELECT count(*) FROM documents WHERE kind = ? AND substr(key, 1, ?) = ?", (KIND, len(prefix), prefix)
    ).fetchone()
    return int(row[0])


def drop(aws: Aws, key: str) -> None:
    """Its endpoint is gone, and nobody answers."""
    aws.store.delete(KIND, key)


# ends


def complete(aws: Aws, key: str, document: Document, content_type: str, body: bytes) -> None:
    """The result, the message to the success topic and the end of the request are one commit.

    Raises AwsError when the result cannot be stored.
    """
    bucket, place = objects.split_uri(document["OutputLocation"])
    staged = objects.stage(aws, body)
    try:
        with aws.store.transaction():
            if not aws.store.delete(KIND, key):
                staged.discard()
                return  # its endpoint was deleted meanwhile
            objects.put(aws, bucket, place, staged, Headers=_headers(document) | {"ContentType": content_type})
            message = notices.completed(document, aws.region, aws.clock.now(), content_type, body)
            _tell(aws, document, "SuccessTopic", message)
            _count(aws, document, "InvocationsProcessed")
    except AwsError:
        staged.discard()
        raise


def fail(
    aws: Aws, key: str, document: Document, reason: str, body: bytes | None = None, *, expired: bool = False
) -> None:
    """As `complete`, for a request that has no result: `body` is what the model answered, None when it did not."""
    location, problem = document.get("FailureLocation"), ""
    with ExitStack() as undo:
        if location:
            staged = objects.stage(aws, reason.encode() if body is None else body)
            undo.callback(staged.discard)
        with aws.store.transaction():
            if not aws.store.delete(KIND, key):
                return  # its endpoint was deleted meanwhile
            if location:
                problem = _problem(aws, location, staged, document)
            said = notices.failed(document, aws.region, aws.clock.now(), reason + problem, body)
            _tell(aws, document, "ErrorTopic", said)
            _count(aws, document, "InvocationFailures", *(["ExpiredRequests"] if expired else []))
        if not problem:
            undo.pop_all()


def _problem(aws: Aws, location: str, staged: objects.Staged, document: Document) -> str:
    """Store what failed; why that cannot be, which the topic still tells."""
    try:
        objects.put(aws, *objects.split_uri(location), staged, Headers=_headers(document))
    except AwsError as error:
        if error.status == DISK_FULL:
            raise
        return f" The failure could not be stored at {location}: {error.message}"
    return ""


def _headers(document: Document) -> dict[str, str]:
    key = document["Output"].get("KmsKeyId")
    return {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key} if key else {}


def _tell(aws: Aws, document: Document, member: str, message: Document) -> None:
    """A topic that is gone loses the message: SageMaker drops what it cannot deliver."""
    arn = (document["Output"].get("NotificationConfig") or {}).get(member)
    if arn and aws.store.get(topics.TOPICS, arn):
        topics.publish(aws, arn, json.dumps(message))


def _count(aws: Aws, document: Document, *names: str) -> None:
    now = aws.clock.now()
    dimensions = {"EndpointName": document["EndpointName"]}
    ones = [Datum(Metric("AWS/SageMaker", name, dimensions), now, ((1.0, 1.0),), "Count") for name in names]
    spent = ((max(now - document["Received"], 0.0) * 1000, 1.0),)
    total = Datum(Metric("AWS/SageMaker", "TotalProcessingTime", dimensions), now, spent, "Milliseconds")
    metrics.record(aws, [*ones, total])
