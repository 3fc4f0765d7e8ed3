"""SQS's queues as the rooms inside the server use them: send, take, remove. Standard queues, with redrive."""

import asyncio
import base64
import hashlib
import json
import struct
import uuid
from collections.abc import Mapping
from typing import Any

from local_aws.errors import AwsError
from local_aws.operations import Aws

Document = dict[str, Any]

QUEUES = "sqs:Queue"

#: Attributes with their defaults. https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html
DEFAULTS: Mapping[str, str] = {
    "DelaySeconds": "0",
    "MaximumMessageSize": "1048576",
    "MessageRetentionPeriod": "345600",
    "ReceiveMessageWaitTimeSeconds": "0",
    "VisibilityTimeout": "30",
    "SqsManagedSseEnabled": "true",
}


class Arrivals:
    """Wakes those who wait for messages of a queue."""

    def __init__(self, _: Aws) -> None:
        self._waiting: dict[str, set[tuple[asyncio.AbstractEventLoop, asyncio.Event]]] = {}

    def start(self) -> None:
        """Nothing lives here but those who wait."""

    def stop(self) -> None:
        for name in list(self._waiting):
            self.tell(name)

    def tell(self, name: str) -> None:
        """From any thread."""
        for loop, event in list(self._waiting.get(name, ())):
            loop.call_soon_threadsafe(event.set)

    async def wait(self, name: str, seconds: float) -> None:
        """Until something arrives, or `seconds` of the machine's time have passed."""
        key = (asyncio.get_running_loop(), asyncio.Event())
        self._waiting.setdefault(name, set()).add(key)
        try:
            await asyncio.wait_for(key[1].wait(), seconds)
        except TimeoutError:
            return
        finally:
            self._waiting[name].discard(key)


def arn_of(aws: Aws, name: str) -> str:
    return aws.arn("sqs", name)


def name_of(arn_or_url: str) -> str:
    """`arn:aws:sqs:…:orders` or `http://…/123456789012/orders` → "orders"."""
    return arn_or_url.replace(":", "/").rpartition("/")[2]


def find(aws: Aws, name: str) -> Document:
    """The queue. Raises AwsError "QueueDoesNotExist"."""
    queue = aws.store.get(QUEUES, name)
    if queue is None:
        raise AwsError("QueueDoesNotExist", "The specified queue does not exist.")
    return queue


def text_attributes(values: Mapping[str, str]) -> Document:
    """Message attributes of type String."""
    return {name: {"DataType": "String", "StringValue": value} for name, value in values.items() if value}


def send(aws: Aws, name: str, body: str, attributes: Document | None = None, delay: float | None = None) -> Document:
    """Put a message into a queue; joins an open transaction. The document has MessageId and the MD5 sums.

    attributes  as in SendMessage; delay  in seconds, else the queue's own
    Raises AwsError: QueueDoesNotExist, InvalidParameterValue when the message is too long.
    """
    with aws.store.transaction():
        settings = find(aws, name)["Attributes"]
        if len(body.encode()) > int(settings["MaximumMessageSize"]):
            raise AwsError(
                "InvalidParameterValue",
                f"One or more parameters are invalid. Reason: Message must be shorter than"
                f" {settings['MaximumMessageSize']} bytes.",
            )
        now = aws.clock.now()
        document = {
            "MessageId": str(uuid.uuid4()),
            "Body": body,
            "MD5OfBody": md5(body.encode()),
            "MessageAttributes": _plain(attributes or {}),
            "Sent": now,
            "Received": 0,
        }
        if attributes:
            document["MD5OfMessageAttributes"] = _md5_of_attributes(attributes)
        _insert(aws, name, now + (float(settings["DelaySeconds"]) if delay is None else delay), document)
    return document


def _insert(aws: Aws, name: str, visible: float, document: Document) -> None:
    aws.store.sql(
        "INSERT INTO messages (queue, visible, document) VALUES (?, ?, ?)", (name, visible, json.dumps(document))
    )
    if arrivals := aws.parts.get(Arrivals):
        aws.store.after_commit(lambda: arrivals.tell(name))


def take(aws: Aws, name: str, most: int, visibility: float | None) -> list[Document]:
    """Up to `most` visible messages, hidden from others for `visibility` seconds; one commit when there are any.

    A message that has been received as often as the queue's RedrivePolicy allows goes to its dead-letter queue.
    """
    if not aws.store.sql(
        "SELECT 1 FROM messages WHERE queue = ? AND visible <= ? LIMIT 1", (name, aws.clock.now())
    ).fetchone():
        find(aws, name)
        return []
    taken: list[Document] = []
    with aws.store.transaction():
        settings, now = find(aws, name)["Attributes"], aws.clock.now()
        hidden = now + (float(settings["VisibilityTimeout"]) if visibility is None else visibility)
        redrive = json.loads(settings.get("RedrivePolicy") or "{}")
        _forget_old(aws, name, now - float(settings["MessageRetentionPeriod"]))
        rows = aws.store.sql(
            "SELECT id, document FROM messages WHERE queue = ? AND visible <= ? ORDER BY id", (name, now)
        ).fetchall()
        for number, text in rows:
            if len(taken) == most:
                break
            document = json.loads(text)
            if redrive and document["Received"] >= int(redrive["maxReceiveCount"]):
                _move(aws, number, document, name_of(redrive["deadLetterTargetArn"]), arn_of(aws, name))
                continue
            document["Received"] += 1
            document.setdefault("FirstReceived", now)
            aws.store.sql(
                "UPDATE messages SET visible = ?, document = ? WHERE id = ?", (hidden, json.dumps(document), number)
            )
            taken.append(document | {"ReceiptHandle": _handle(number)})
    return taken


def _forget_old(aws: Aws, name: str, before: float) -> None:
    aws.store.sql("DELETE FROM messages WHERE queue = ? AND json_extract(document, '$.Sent') < ?", (name, before))


def _move(aws: Aws, number: int, document: Document, dead: str, source: str) -> None:
    find(aws, dead)
    aws.store.sql("DELETE FROM messages WHERE id = ?", (number,))
    _insert(aws, dead, aws.clock.now(), document | {"Received": 0, "DeadLetterQueueSourceArn": source})


def next_visible(aws: Aws, name: str) -> float | None:
    """When a hidden or delayed message comes to light, in seconds since 1970."""
    row = aws.store.sql("SELECT min(visible) FROM messages WHERE queue = ?", (name,)).fetchone()
    return float(row[0]) if row[0] is not None else None


def remove(aws: Aws, name: str, handle: str) -> None:
    """Raises AwsError "ReceiptHandleIsInvalid". Removing what is gone already is no error, as on AWS."""
    find(aws, name)
    aws.store.sql("DELETE FROM messages WHERE queue = ? AND id = ?", (name, _number(handle)))


def hide(aws: Aws, name: str, handle: str, seconds: float) -> None:
    """Hide a message for `seconds` from now on. Raises AwsError when it is not in flight."""
    find(aws, name)
    now = aws.clock.now()
    changed = aws.store.sql(
        "UPDATE messages SET visible = ? WHERE queue = ? AND id = ? AND visible > ?",
        (now + seconds, name, _number(handle), now),
    )
    if not changed.rowcount:
        raise AwsError("MessageNotInflight", "The specified message isn't in flight.")
    if arrivals := aws.parts.get(Arrivals):
        aws.store.after_commit(lambda: arrivals.tell(name))


def counts(aws: Aws, name: str) -> tuple[int, int, int]:
    """Messages that are visible, in flight, and delayed."""
    row = aws.store.sql(
        "SELECT coalesce(sum(visible <= ?1), 0),"
        " coalesce(sum(visible > ?1 AND json_extract(document, '$.Received') > 0), 0),"
        " coalesce(sum(visible > ?1 AND json_extract(document, '$.Received') = 0), 0) FROM messages WHERE queue = ?2",
        (aws.clock.now(), name),
    ).fetchone()
    return int(row[0]), int(row[1]), int(row[2])


def _handle(number: int) -> str:
    return base64.urlsafe_b64encode(f"{number}/{uuid.uuid4()}".encode()).decode()


def _number(handle: str) -> int:
    try:
        return int(base64.urlsafe_b64decode(handle).partition(b"/")[0])
    except ValueError:
        raise AwsError("ReceiptHandleIsInvalid", "The input receipt handle is invalid.", status=404) from None


# sums


def md5(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def _plain(attributes: Document) -> Document:
    """Bytes as text, so that JSON holds them."""
    return {
        name: {key: base64.b64encode(item).decode() if key == "BinaryValue" else item for key, item in value.items()}
        for name, value in attributes.items()
    }


def as_sent(attributes: Document) -> Document:
    """What `_plain` made plain, with its bytes."""
    return {
        name: {key: base64.b64decode(item) if key == "BinaryValue" else item for key, item in value.items()}
        for name, value in attributes.items()
    }


def _md5_of_attributes(attributes: Document) -> str:
    """https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html"""
    content = b""
    for name in sorted(attributes):
        value = attributes[name]
        for text in (name, value["DataType"]):
            content += struct.pack(">I", len(text.encode())) + text.encode()
        binary = value["DataType"].startswith("Binary")
        payload = value["BinaryValue"] if binary else value["StringValue"].encode()
        content += (b"\x02" if binary else b"\x01") + struct.pack(">I", len(payload)) + payload
    return md5(content)
