"""SNS's topics as the rooms inside the server use them: publish to whoever subscribes."""

import json
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from local_aws.errors import AwsError
from local_aws.events import bus, outbox
from local_aws.events.patterns import compile_pattern
from local_aws.operations import Aws
from local_aws.services import queues

Document = dict[str, Any]

TOPICS, SUBSCRIPTIONS = "sns:Topic", "sns:Subscription"


def find(aws: Aws, arn: str) -> Document:
    """The topic. Raises AwsError "NotFound"."""
    topic = aws.store.get(TOPICS, arn)
    if topic is None:
        raise AwsError("NotFound", "Topic does not exist", status=404)
    return topic


def subscriptions(aws: Aws, topic: str = "") -> list[Document]:
    """Those of a topic, or all of them; oldest first."""
    prefix = f"{topic}:" if topic else ""
    return [subscription for _, subscription in aws.store.scan(SUBSCRIPTIONS, prefix)]


def publish(aws: Aws, arn: str, message: str, subject: str | None = None, attributes: Document | None = None) -> str:
    """The id of a message to every subscription whose filter it passes; joins an open transaction.

    A message to a queue is there in the same commit. Raises AwsError "NotFound".
    """
    identity = str(uuid.uuid4())
    with aws.store.transaction():
        find(aws, arn)
        for subscription in subscriptions(aws, arn):
            send = PROTOCOLS.get(subscription["Protocol"])
            if send and _passes(subscription["Attributes"], message, attributes or {}):
                send(aws, subscription, _notification(aws, arn, identity, message, subject, attributes or {}))
    return identity


def _notification(
    aws: Aws, arn: str, identity: str, message: str, subject: str | None, attributes: Document
) -> Document:
    found: Document = {"Type": "Notification", "MessageId": identity, "TopicArn": arn}
    found |= {"Subject": subject} if subject else {}
    found |= {"Message": message, "Timestamp": bus.iso(aws.clock.now()).replace("Z", ".000Z"), "SignatureVersion": "1"}
    if attributes:
        found["MessageAttributes"] = {
            name: {"Type": value["DataType"], "Value": value.get("StringValue")} for name, value in attributes.items()
        }
    return found


def _to_queue(aws: Aws, subscription: Document, notification: Document) -> None:
    """A queue that is gone loses the message, as on AWS without a dead-letter queue."""
    target = {"Arn": subscription["Endpoint"]}
    name = queues.name_of(subscription["Endpoint"])
    if aws.store.get(queues.QUEUES, name) is None:
        redrive = json.loads(subscription["Attributes"].get("RedrivePolicy") or "{}")
        target["DeadLetterConfig"] = {"Arn": redrive["deadLetterTargetArn"]} if redrive else None
        outbox.enqueue(aws, target, json.dumps(notification), {"TOPIC_ARN": notification["TopicArn"]})
    elif subscription["Attributes"].get("RawMessageDelivery") == "true":
        values = {key: value["Value"] for key, value in notification.get("MessageAttributes", {}).items()}
        queues.send(aws, name, notification["Message"], queues.text_attributes(values))
    else:
        queues.send(aws, name, json.dumps(notification))


def _to_function(aws: Aws, subscription: Document, notification: Document) -> None:
    record = {
        "EventSource": "aws:sns",
        "EventVersion": "1.0",
        "EventSubscriptionArn": subscription["SubscriptionArn"],
        "Sns": notification | {"MessageAttributes": notification.get("MessageAttributes", {})},
    }
    target = {"Arn": subscription["Endpoint"]}
    outbox.enqueue(aws, target, json.dumps({"Records": [record]}), {"TOPIC_ARN": notification["TopicArn"]})


#: Protocol → how it is reached; e-mail subscriptions stay unconfirmed, so that nothing is sent to them.
PROTOCOLS: Mapping[str, Callable[[Aws, Document, Document], None]] = {"sqs": _to_queue, "lambda": _to_function}


def _passes(settings: Document, message: str, attributes: Document) -> bool:
    """The filter policy, over the attributes or the body. https://docs.aws.amazon.com/sns/latest/dg/sns-subscription-filter-policies.html"""
    policy = settings.get("FilterPolicy")
    if not policy or policy == "{}":
        return True
    if settings.get("FilterPolicyScope") == "MessageBody":
        try:
            body = json.loads(message)
        except ValueError:
            return False
        return isinstance(body, dict) and compile_pattern(policy)(body)
    return compile_pattern(policy)({name: _value(attribute) for name, attribute in attributes.items()})


def _value(attribute: Document) -> Any:
    if attribute["DataType"].startswith(("Number", "String.Array")):
        return json.loads(attribute["StringValue"])
    return attribute.get("StringValue")
