"""Queues and their policies."""

import json

from local_aws.cloudformation.resources.calls import call, policy, tag_map
from local_aws.cloudformation.resources.kind import Document, Made, ResourceType
from local_aws.errors import AwsError
from local_aws.operations import Aws
from local_aws.services import queues

#: Properties that are attributes of the same name.
_ATTRIBUTES = (
    "DelaySeconds",
    "KmsDataKeyReusePeriodSeconds",
    "KmsMasterKeyId",
    "MaximumMessageSize",
    "MessageRetentionPeriod",
    "ReceiveMessageWaitTimeSeconds",
    "RedriveAllowPolicy",
    "RedrivePolicy",
    "SqsManagedSseEnabled",
    "VisibilityTimeout",
)


def _attributes(properties: Document) -> dict[str, str]:
    return {name: _text(properties[name]) for name in _ATTRIBUTES if name in properties}


def _text(value: object) -> str:
    if isinstance(value, dict):
        return json.dumps(value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def _create(aws: Aws, name: str, properties: Document) -> Made:
    if aws.store.get(queues.QUEUES, name):
        raise AwsError("AlreadyExists", f"{name} already exists")
    url = call(
        aws,
        "sqs",
        "CreateQueue",
        QueueName=name,
        Attributes=_attributes(properties),
        tags=tag_map(properties.get("Tags")),
    )["QueueUrl"]
    return Made(url, {"Arn": queues.arn_of(aws, name), "QueueName": name, "QueueUrl": url})


def _update(aws: Aws, made: Made, before: Document, now: Document) -> Made:
    """What is not given any more goes back to its default."""
    taken = {name: queues.DEFAULTS.get(name, "") for name in _attributes(before)}
    call(aws, "sqs", "SetQueueAttributes", QueueUrl=made.id, Attributes=taken | _attributes(now))
    held, wanted = tag_map(before.get("Tags")), tag_map(now.get("Tags"))
    if gone := sorted(held.keys() - wanted.keys()):
        call(aws, "sqs", "UntagQueue", QueueUrl=made.id, TagKeys=gone)
    if wanted != held:
        call(aws, "sqs", "TagQueue", QueueUrl=made.id, Tags=wanted)
    return made


def _delete(aws: Aws, made: Made, _: Document) -> None:
    call(aws, "sqs", "DeleteQueue", QueueUrl=made.id)


def _put_policy(aws: Aws, name: str, properties: Document) -> Made:
    text = policy(properties["PolicyDocument"])
    for url in properties["Queues"]:
        call(aws, "sqs", "SetQueueAttributes", QueueUrl=url, Attributes={"Policy": text})
    return Made(name, {"Id": name})


def _update_policy(aws: Aws, made: Made, before: Document, now: Document) -> Made:
    _clear(aws, set(before["Queues"]) - set(now["Queues"]))
    return _put_policy(aws, made.id, now)


def _delete_policy(aws: Aws, _: Made, properties: Document) -> None:
    _clear(aws, set(properties["Queues"]))


def _clear(aws: Aws, urls: set[str]) -> None:
    for url in sorted(urls):
        call(aws, "sqs", "SetQueueAttributes", QueueUrl=url, Attributes={"Policy": ""})


TYPES = (
    ResourceType(
        "AWS::SQS::Queue", frozenset({*_ATTRIBUTES, "QueueName", "Tags"}), _create, _delete, _update, name="QueueName"
    ),
    ResourceType(
        "AWS::SQS::QueuePolicy", frozenset({"PolicyDocument", "Queues"}), _put_policy, _delete_policy, _update_policy
    ),
)
