"""SQS: the operations of clients. FIFO queues are refused by name."""

import asyncio
import json
from typing import Any

from local_aws import crud
from local_aws.errors import AwsError, NotSupported
from local_aws.operations import Aws, Handler, Operations, Request, Result
from local_aws.services import queues

Document = dict[str, Any]

operations = Operations("sqs")

#: Attributes that a queue can have beyond those with a default; policies and keys are kept and deny nothing.
_OPTIONAL = ("Policy", "RedrivePolicy", "RedriveAllowPolicy", "KmsMasterKeyId", "KmsDataKeyReusePeriodSeconds")

_RANGES = {
    "DelaySeconds": (0, 900),
    "MaximumMessageSize": (1024, 1_048_576),
    "MessageRetentionPeriod": (60, 1_209_600),
    "ReceiveMessageWaitTimeSeconds": (0, 20),
    "VisibilityTimeout": (0, 43_200),
}


def _url(aws: Aws, name: str) -> str:
    return f"{aws.endpoint}/{aws.account}/{name}"


def _checked(aws: Aws, attributes: Document) -> Document:
    """Raises AwsError: InvalidAttributeName, InvalidAttributeValue, NotImplemented for FIFO."""
    for name, value in attributes.items():
        if name in ("FifoQueue", "ContentBasedDeduplication", "DeduplicationScope", "FifoThroughputLimit"):
            raise NotSupported(f"FIFO queues (the attribute {name})")
        if name not in queues.DEFAULTS and name not in _OPTIONAL:
            raise AwsError("InvalidAttributeName", f"Unknown Attribute {name}.")
        low, high = _RANGES.get(name, (0, 0))
        if name in _RANGES and not (value.isdigit() and low <= int(value) <= high):
            raise AwsError("InvalidAttributeValue", f"Invalid value for the parameter {name}.")
        if name == "RedrivePolicy" and value:
            _check_redrive(aws, value)
    return attributes


def _check_redrive(aws: Aws, text: str) -> None:
    try:
        policy = json.loads(text)
        dead, most = policy["deadLetterTargetArn"], int(policy["maxReceiveCount"])
    except (ValueError, KeyError, TypeError):
        raise AwsError(
            "InvalidParameterValue",
            f"Value {text} for parameter RedrivePolicy is invalid."
            " Reason: Redrive policy does not contain mandatory attribute: maxReceiveCount and deadLetterTargetArn.",
        ) from None
    if not 1 <= most <= 1000 or not aws.store.get(queues.QUEUES, queues.name_of(dead)):
        raise AwsError(
            "InvalidParameterValue",
            f"Value {text} for parameter RedrivePolicy is invalid."
            " Reason: Dead letter target does not exist or maxReceiveCount is not between 1 and 1000.",
        )


@operations("CreateQueue")
def create_queue(aws: Aws, request: Request) -> Result:
    """The same queue again with the same attributes is no error, as on AWS."""
    name = request["QueueName"]
    if name.endswith(".fifo"):
        raise NotSupported(f"FIFO queues ({name})")
    if not 1 <= len(name) <= 80 or not name.replace("-", "").replace("_", "").isalnum():
        raise AwsError(
            "InvalidParameterValue",
            "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length",
        )
    with aws.store.transaction():
        attributes = {**queues.DEFAULTS, **_checked(aws, request.get("Attributes") or {})}
        held = aws.store.get(queues.QUEUES, name)
        if held and any(
            held["Attributes"].get(key) != value for key, value in (request.get("Attributes") or {}).items()
        ):
            raise AwsError("QueueNameExists", "A queue already exists with the same name and a different value.")
        if not held:
            now = aws.clock.now()
            made = {"QueueName": name, "Attributes": attributes, "Tags": request.get("tags") or {}}
            aws.store.put(queues.QUEUES, name, made | {"Created": now, "Modified": now})
    return {"QueueUrl": _url(aws, name)}


def _queue(aws: Aws, request: Request) -> Document:
    return queues.find(aws, queues.name_of(request["QueueUrl"]))


@operations("GetQueueUrl")
def get_queue_url(aws: Aws, request: Request) -> Result:
    return {"QueueUrl": _url(aws, queues.find(aws, request["QueueName"])["QueueName"])}


@operations("ListQueues")
def list_queues(aws: Aws, request: Request) -> Result:
    found, token = crud.cut(
        [queue for _, queue in aws.store.scan(queues.QUEUES, request.get("QueueNamePrefix") or "")],
        lambda queue: queue["QueueName"],
        request.get("NextToken"),
        request.get("MaxResults", 1000),
    )
    return {"QueueUrls": [_url(aws, queue["QueueName"]) for queue in found] or None, "NextToken": token}


@operations("DeleteQueue")
def delete_queue(aws: Aws, request: Request) -> Result:
    with aws.store.transaction():
        name = _queue(aws, request)["QueueName"]
        aws.store.delete(queues.QUEUES, name)
        aws.store.sql("DELETE FROM messages WHERE queue = ?", (name,))
    return None


@operations("PurgeQueue")
def purge_queue(aws: Aws, request: Request) -> Result:
    with aws.store.transaction():
        aws.store.sql("DELETE FROM messages WHERE queue = ?", (_queue(aws, request)["QueueName"],))
    return None


@operations("GetQueueAttributes")
def get_queue_attributes(aws: Aws, request: Request) -> Result:
    queue = _queue(aws, request)
    visible, in_flight, delayed = queues.counts(aws, queue["QueueName"])
    held = queue["Attributes"] | {
        "QueueArn": queues.arn_of(aws, queue["QueueName"]),
        "ApproximateNumberOfMessages": str(visible),
        "ApproximateNumberOfMessagesNotVisible": str(in_flight),
        "ApproximateNumberOfMessagesDelayed": str(delayed),
        "CreatedTimestamp": str(int(queue["Created"])),
        "LastModifiedTimestamp": str(int(queue["Modified"])),
    }
    asked = request.get("AttributeNames") or []
    return {"Attributes": {key: value for key, value in held.items() if "All" in asked or key in asked} or None}


@operations("SetQueueAttributes")
def set_queue_attributes(aws: Aws, request: Request) -> Result:
    with aws.store.transaction():
        queue = _queue(aws, request)
        merged = queue["Attributes"] | _checked(aws, request["Attributes"])
        kept = {key: value for key, value in merged.items() if value != ""}
        aws.store.put(queues.QUEUES, queue["QueueName"], queue | {"Attributes": kept, "Modified": aws.clock.now()})
    return None


# messages


@operations("SendMessage")
def send_message(aws: Aws, request: Request) -> Result:
    for member in ("MessageGroupId", "MessageDeduplicationId", "MessageSystemAttributes"):
        if request.get(member):
            raise NotSupported(f"the member {member} of sqs:SendMessage")
    sent = queues.send(
        aws,
        queues.name_of(request["QueueUrl"]),
        request["MessageBody"],
        request.get("MessageAttributes"),
        request.get("DelaySeconds"),
    )
    return {
        "MessageId": sent["MessageId"],
        "MD5OfMessageBody": sent["MD5OfBody"],
        "MD5OfMessageAttributes": sent.get("MD5OfMessageAttributes"),
    }


@operations("ReceiveMessage")
async def receive_message(aws: Aws, request: Request) -> Result:
    """Waits without a thread; the waiting time passes by the machine's clock."""
    loop = asyncio.get_running_loop()
    queue = await loop.run_in_executor(None, _queue, aws, request)
    name, most = queue["QueueName"], request.get("MaxNumberOfMessages", 1)
    if not 1 <= most <= 10:
        raise AwsError("InvalidParameterValue", f"Value {most} for parameter MaxNumberOfMessages is invalid.")
    patience = request.get("WaitTimeSeconds")
    end = aws.clock.now() + float(
        queue["Attributes"]["ReceiveMessageWaitTimeSeconds"] if patience is None else patience
    )
    while True:
        taken = await loop.run_in_executor(None, queues.take, aws, name, most, request.get("VisibilityTimeout"))
        left = end - aws.clock.now()
        if taken or left <= 0:
            return {"Messages": [_shown(item, request) for item in taken] or None}
        comes = await loop.run_in_executor(None, queues.next_visible, aws, name)
        if comes is not None:
            left = min(left, max(comes - aws.clock.now(), 0.0))
        await aws.part(queues.Arrivals).wait(name, max(left / aws.clock.rate, 0.001))


def _shown(message: Document, request: Request) -> Document:
    asked = [*(request.get("MessageSystemAttributeNames") or []), *(request.get("AttributeNames") or [])]
    system = {
        "SenderId": "AIDALOCALAWSUSER0000",
        "SentTimestamp": str(int(message["Sent"] * 1000)),
        "ApproximateReceiveCount": str(message["Received"]),
        "ApproximateFirstReceiveTimestamp": str(int(message["FirstReceived"] * 1000)),
    }
    if "DeadLetterQueueSourceArn" in message:
        system["DeadLetterQueueSourceArn"] = message["DeadLetterQueueSourceArn"]
    names = request.get("MessageAttributeNames") or []
    wanted = {
        name: value
        for name, value in message["MessageAttributes"].items()
        if any(_named(name, pattern) for pattern in names)
    }
    return message | {
        "Attributes": {name: value for name, value in system.items() if "All" in asked or name in asked} or None,
        "MessageAttributes": queues.as_sent(wanted) or None,
        "MD5OfMessageAttributes": message.get("MD5OfMessageAttributes") if wanted else None,
    }


def _named(name: str, pattern: str) -> bool:
    if pattern in ("All", ".*"):
        return True
    return name.startswith(pattern[:-2]) if pattern.endswith(".*") else name == pattern


@operations("DeleteMessage")
def delete_message(aws: Aws, request: Request) -> Result:
    with aws.store.transaction():
        queues.remove(aws, queues.name_of(request["QueueUrl"]), request["ReceiptHandle"])
    return None


@operations("ChangeMessageVisibility")
def change_visibility(aws: Aws, request: Request) -> Result:
    with aws.store.transaction():
        name = queues.name_of(request["QueueUrl"])
        queues.hide(aws, name, request["ReceiptHandle"], request["VisibilityTimeout"])
    return None


def _batch(one: Handler) -> Handler:
    """Each entry succeeds or fails on its own; what succeeds is one commit."""

    def handler(aws: Aws, request: Request) -> Result:
        entries = request["Entries"]
        if len({entry["Id"] for entry in entries}) != len(entries):
            raise AwsError("BatchEntryIdsNotDistinct", "Two or more batch entries in the request have the same Id.")
        if not 1 <= len(entries) <= 10:
            code = "TooManyEntriesInBatchRequest" if entries else "EmptyBatchRequest"
            raise AwsError(code, "A batch has 1 to 10 entries.")
        done, failed = [], []
        with aws.store.transaction():
            _queue(aws, request)
            for entry in entries:
                try:
                    found = one(aws, entry | {"QueueUrl": request["QueueUrl"]})
                    done.append({"Id": entry["Id"]} | (found if isinstance(found, dict) else {}))
                except AwsError as error:
                    failed.append(
                        {"Id": entry["Id"], "Code": error.code, "Message": error.message, "SenderFault": True}
                    )
        return {"Successful": done, "Failed": failed or None}

    return handler


operations("SendMessageBatch")(_batch(send_message))
operations("DeleteMessageBatch")(_batch(delete_message))
operations("ChangeMessageVisibilityBatch")(_batch(change_visibility))


# tags


@operations("TagQueue")
def tag_queue(aws: Aws, request: Request) -> Result:
    with aws.store.transaction():
        queue = _queue(aws, request)
        aws.store.put(queues.QUEUES, queue["QueueName"], queue | {"Tags": queue["Tags"] | request["Tags"]})
    return None


@operations("UntagQueue")
def untag_queue(aws: Aws, request: Request) -> Result:
    with aws.store.transaction():
        queue = _queue(aws, request)
        kept = {name: value for name, value in queue["Tags"].items() if name not in request["TagKeys"]}
        aws.store.put(queues.QUEUES, queue["QueueName"], queue | {"Tags": kept})
    return None


@operations("ListQueueTags")
def list_queue_tags(aws: Aws, request: Request) -> Result:
    return {"Tags": _queue(aws, request)["Tags"] or None}
