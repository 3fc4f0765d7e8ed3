"""SNS: the operations of clients. FIFO topics and protocols other than sqs, lambda and email are refused by name."""

import json
import uuid
from typing import Any

from local_aws import crud
from local_aws.errors import AwsError, NotSupported
from local_aws.events import targets
from local_aws.events.patterns import compile_pattern
from local_aws.operations import Aws, Operations, Request, Result
from local_aws.services import queues, topics

Document = dict[str, Any]

operations = Operations("sns")

#: Kept and given back: nothing is denied, encrypted or traced here.
_TOPIC_ATTRIBUTES = ("Policy", "DisplayName", "KmsMasterKeyId", "DeliveryPolicy", "TracingConfig", "SignatureVersion")

#: Bytes of a message at most, and the number of characters that a subject must stay below.
LONGEST, _SUBJECT = 1 << 18, 100

_SUBSCRIPTION_ATTRIBUTES = ("FilterPolicy", "FilterPolicyScope", "RawMessageDelivery", "RedrivePolicy")


def _invalid(message: str) -> AwsError:
    return AwsError("InvalidParameter", f"Invalid parameter: {message}")


@operations("CreateTopic")
def create_topic(aws: Aws, request: Request) -> Result:
    """The same topic again is no error, as on AWS."""
    name, attributes = request["Name"], request.get("Attributes") or {}
    if name.endswith(".fifo") or attributes.get("FifoTopic") == "true":
        raise NotSupported(f"FIFO topics ({name})")
    if not 1 <= len(name) <= 256 or not name.replace("-", "").replace("_", "").isalnum():
        raise _invalid("Topic Name")
    arn = aws.arn("sns", name)
    with aws.store.transaction():
        if not aws.store.get(topics.TOPICS, arn):
            for member in attributes:
                _check_topic_attribute(member)
            tags = {tag["Key"]: tag["Value"] for tag in request.get("Tags") or []}
            aws.store.put(topics.TOPICS, arn, {"TopicArn": arn, "Attributes": attributes, "Tags": tags})
    return {"TopicArn": arn}


def _check_topic_attribute(name: str) -> None:
    if name not in (*_TOPIC_ATTRIBUTES, "FifoTopic"):
        raise NotSupported(f"the attribute {name} of SNS topics")


@operations("DeleteTopic")
def delete_topic(aws: Aws, request: Request) -> Result:
    """With its subscriptions; deleting what is not there is no error."""
    arn = request["TopicArn"]
    with aws.store.transaction():
        for subscription in topics.subscriptions(aws, arn):
            aws.store.delete(topics.SUBSCRIPTIONS, subscription["SubscriptionArn"])
        aws.store.delete(topics.TOPICS, arn)
    return None


@operations("ListTopics")
def list_topics(aws: Aws, request: Request) -> Result:
    found, token = crud.cut(
        [topic for _, topic in aws.store.scan(topics.TOPICS)],
        lambda topic: topic["TopicArn"],
        request.get("NextToken"),
        100,
    )
    return {"Topics": found, "NextToken": token}


@operations("GetTopicAttributes")
def get_topic_attributes(aws: Aws, request: Request) -> Result:
    topic = topics.find(aws, request["TopicArn"])
    held = topics.subscriptions(aws, topic["TopicArn"])
    pending = sum(item["Attributes"]["PendingConfirmation"] == "true" for item in held)
    fixed = {
        "TopicArn": topic["TopicArn"],
        "Owner": aws.account,
        "SubscriptionsConfirmed": str(len(held) - pending),
        "SubscriptionsPending": str(pending),
        "SubscriptionsDeleted": "0",
        "DisplayName": "",
    }
    return {"Attributes": fixed | topic["Attributes"]}


@operations("SetTopicAttributes")
def set_topic_attributes(aws: Aws, request: Request) -> Result:
    _check_topic_attribute(request["AttributeName"])
    with aws.store.transaction():
        topic = topics.find(aws, request["TopicArn"])
        changed = topic["Attributes"] | {request["AttributeName"]: request.get("AttributeValue", "")}
        aws.store.put(topics.TOPICS, topic["TopicArn"], topic | {"Attributes": changed})
    return None


@operations("GetDataProtectionPolicy")
def get_data_protection_policy(aws: Aws, request: Request) -> Result:
    topics.find(aws, request["ResourceArn"])
    return {"DataProtectionPolicy": ""}


# subscriptions


@operations("Subscribe")
def subscribe(aws: Aws, request: Request) -> Result:
    protocol, endpoint = request["Protocol"], request.get("Endpoint") or ""
    _check_protocol(protocol, endpoint)
    attributes = request.get("Attributes") or {}
    for name, value in attributes.items():
        _check_attribute(name, value)
    with aws.store.transaction():
        topic = topics.find(aws, request["TopicArn"])["TopicArn"]
        for held in topics.subscriptions(aws, topic):
            if (held["Protocol"], held["Endpoint"]) == (protocol, endpoint):
                return {"SubscriptionArn": _shown_arn(held)}
        arn = f"{topic}:{uuid.uuid4()}"
        pending = "true" if protocol == "email" else "false"
        made = {
            "SubscriptionArn": arn,
            "TopicArn": topic,
            "Protocol": protocol,
            "Endpoint": endpoint,
            "Owner": aws.account,
            "Attributes": attributes | {"PendingConfirmation": pending},
        }
        aws.store.put(topics.SUBSCRIPTIONS, arn, made)
    return {"SubscriptionArn": arn if request.get("ReturnSubscriptionArn") else _shown_arn(made)}


def _shown_arn(subscription: Document) -> str:
    pending = subscription["Attributes"]["PendingConfirmation"] == "true"
    return "pending confirmation" if pending else str(subscription["SubscriptionArn"])


def _check_protocol(protocol: str, endpoint: str) -> None:
    if protocol == "email":
        if "@" not in endpoint:
            raise _invalid("Email address")
    elif protocol in topics.PROTOCOLS:
        service = endpoint.split(":")[2] if endpoint.count(":") >= 5 else ""
        if service != protocol:
            raise _invalid(f"{protocol.capitalize()} endpoint ARN")
        if protocol == "sqs" and queues.name_of(endpoint).endswith(".fifo"):
            raise NotSupported(f"FIFO queues ({endpoint})")
        targets.find(endpoint)
    else:
        raise NotSupported(f"SNS subscriptions by {protocol}")


def _check_attribute(name: str, value: str) -> None:
    if name not in _SUBSCRIPTION_ATTRIBUTES:
        raise NotSupported(f"the attribute {name} of SNS subscriptions")
    if name == "FilterPolicy" and value and value != "{}":
        try:
            compile_pattern(value)
        except AwsError as error:
            raise _invalid(f"FilterPolicy: {error.message.partition('Reason: ')[2]}") from None
    if name == "RedrivePolicy" and value:
        try:
            queues.name_of(json.loads(value)["deadLetterTargetArn"])
        except (ValueError, KeyError, TypeError):
            raise _invalid("RedrivePolicy: deadLetterTargetArn is needed") from None


def _subscription(aws: Aws, request: Request) -> Document:
    found = aws.store.get(topics.SUBSCRIPTIONS, request["SubscriptionArn"])
    if found is None:
        raise AwsError("NotFound", "Subscription does not exist", status=404)
    return found


@operations("Unsubscribe")
def unsubscribe(aws: Aws, request: Request) -> Result:
    aws.store.delete(topics.SUBSCRIPTIONS, request["SubscriptionArn"])
    return None


@operations("GetSubscriptionAttributes")
def get_subscription_attributes(aws: Aws, request: Request) -> Result:
    found = _subscription(aws, request)
    fixed = {name: found[name] for name in ("SubscriptionArn", "TopicArn", "Protocol", "Endpoint", "Owner")}
    return {"Attributes": {"RawMessageDelivery": "false"} | found["Attributes"] | fixed}


@operations("SetSubscriptionAttributes")
def set_subscription_attributes(aws: Aws, request: Request) -> Result:
    name, value = request["AttributeName"], request.get("AttributeValue", "")
    _check_attribute(name, value)
    with aws.store.transaction():
        found = _subscription(aws, request)
        found["Attributes"][name] = value
        aws.store.put(topics.SUBSCRIPTIONS, found["SubscriptionArn"], found)
    return None


def _list(aws: Aws, request: Request, topic: str) -> Result:
    found, token = crud.cut(
        topics.subscriptions(aws, topic), lambda item: item["SubscriptionArn"], request.get("NextToken"), 100
    )
    shown = []
    for item in found:
        pending = item["Attributes"]["PendingConfirmation"] == "true"
        shown.append(item | ({"SubscriptionArn": "PendingConfirmation"} if pending else {}))
    return {"Subscriptions": shown, "NextToken": token}


@operations("ListSubscriptions")
def list_subscriptions(aws: Aws, request: Request) -> Result:
    return _list(aws, request, "")


@operations("ListSubscriptionsByTopic")
def list_subscriptions_by_topic(aws: Aws, request: Request) -> Result:
    return _list(aws, request, topics.find(aws, request["TopicArn"])["TopicArn"])


# messages


def _check_message(message: str, subject: str) -> None:
    """https://docs.aws.amazon.com/sns/latest/api/API_Publish.html"""
    if not message:
        raise _invalid("Empty message")
    if len(message.encode()) > LONGEST:
        raise _invalid("Message too long")
    if len(subject) >= _SUBJECT or not subject.isprintable():
        raise _invalid("Subject")


@operations("Publish")
def publish(aws: Aws, request: Request) -> Result:
    for member in ("TargetArn", "PhoneNumber", "MessageStructure", "MessageGroupId", "MessageDeduplicationId"):
        if request.get(member):
            raise NotSupported(f"the member {member} of sns:Publish")
    if not request.get("TopicArn"):
        raise _invalid("TopicArn or TargetArn Reason: no value for required parameter")
    _check_message(request["Message"], request.get("Subject") or "")
    found = topics.publish(
        aws, request["TopicArn"], request["Message"], request.get("Subject"), request.get("MessageAttributes")
    )
    return {"MessageId": found}


@operations("PublishBatch")
def publish_batch(aws: Aws, request: Request) -> Result:
    done, failed = [], []
    with aws.store.transaction():
        topics.find(aws, request["TopicArn"])
        for entry in request["PublishBatchRequestEntries"]:
            try:
                sent = publish(aws, entry | {"TopicArn": request["TopicArn"]})
                done.append({"Id": entry["Id"]} | (sent if isinstance(sent, dict) else {}))
            except AwsError as error:
                failed.append({"Id": entry["Id"], "Code": error.code, "Message": error.message, "SenderFault": True})
    return {"Successful": done, "Failed": failed}


# tags


@operations("TagResource")
def tag(aws: Aws, request: Request) -> Result:
    with aws.store.transaction():
        topic = topics.find(aws, request["ResourceArn"])
        topic["Tags"] |= {item["Key"]: item["Value"] for item in request["Tags"]}
        aws.store.put(topics.TOPICS, topic["TopicArn"], topic)
    return {}


@operations("UntagResource")
def untag(aws: Aws, request: Request) -> Result:
    with aws.store.transaction():
        topic = topics.find(aws, request["ResourceArn"])
        kept = {name: value for name, value in topic["Tags"].items() if name not in request["TagKeys"]}
        aws.store.put(topics.TOPICS, topic["TopicArn"], topic | {"Tags": kept})
    return {}


@operations("ListTagsForResource")
def list_tags(aws: Aws, request: Request) -> Result:
    tags = topics.find(aws, request["ResourceArn"])["Tags"]
    return {"Tags": [{"Key": name, "Value": value} for name, value in tags.items()]}
