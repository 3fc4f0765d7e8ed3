"""Topics, their policies and subscriptions."""

from local_aws.cloudformation.resources.calls import call, policy
from local_aws.cloudformation.resources.kind import Document, Made, ResourceType
from local_aws.errors import AwsError, NotSupported
from local_aws.operations import Aws
from local_aws.services import topics

_ATTRIBUTES = ("DisplayName", "KmsMasterKeyId")


def _create_topic(aws: Aws, name: str, properties: Document) -> Made:
    arn = aws.arn("sns", name)
    if aws.store.get(topics.TOPICS, arn):
        raise AwsError("AlreadyExists", f"{name} already exists")
    given = {key: properties[key] for key in _ATTRIBUTES if key in properties}
    arn = call(aws, "sns", "CreateTopic", Name=name, Attributes=given, Tags=properties.get("Tags"))["TopicArn"]
    return Made(arn, {"TopicArn": arn, "TopicName": name})


def _update_topic(aws: Aws, made: Made, before: Document, now: Document) -> Made:
    if before.get("Tags") != now.get("Tags"):
        gone = sorted({tag["Key"] for tag in before.get("Tags") or []})
        if gone:
            call(aws, "sns", "UntagResource", ResourceArn=made.id, TagKeys=gone)
        if now.get("Tags"):
            call(aws, "sns", "TagResource", ResourceArn=made.id, Tags=now["Tags"])
    for key in _ATTRIBUTES:
        if before.get(key) != now.get(key):
            call(aws, "sns", "SetTopicAttributes", TopicArn=made.id, AttributeName=key, AttributeValue=now.get(key, ""))
    return made


def _delete_topic(aws: Aws, made: Made, _: Document) -> None:
    call(aws, "sns", "DeleteTopic", TopicArn=made.id)


def _put_policy(aws: Aws, name: str, properties: Document) -> Made:
    for topic in properties["Topics"]:
        text = policy(properties["PolicyDocument"])
        call(aws, "sns", "SetTopicAttributes", TopicArn=topic, AttributeName="Policy", AttributeValue=text)
    return Made(name, {"Id": name})


def _update_policy(aws: Aws, made: Made, before: Document, now: Document) -> Made:
    if set(before["Topics"]) - set(now["Topics"]):
        raise NotSupported("taking a topic out of AWS::SNS::TopicPolicy")
    return _put_policy(aws, made.id, now)


def _delete_policy(*_: object) -> None:
    """A topic cannot be without a policy: it keeps the last one, and its stack takes it along."""


def _subscribe(aws: Aws, _: str, properties: Document) -> Made:
    found = call(aws, "sns", "Subscribe", ReturnSubscriptionArn=True, **properties)["SubscriptionArn"]
    return Made(found, {"Arn": found})


def _unsubscribe(aws: Aws, made: Made, _: Document) -> None:
    call(aws, "sns", "Unsubscribe", SubscriptionArn=made.id)


TYPES = (
    ResourceType(
        "AWS::SNS::Topic",
        frozenset({"DisplayName", "KmsMasterKeyId", "Tags", "TopicName"}),
        _create_topic,
        _delete_topic,
        _update_topic,
        name="TopicName",
    ),
    ResourceType(
        "AWS::SNS::TopicPolicy", frozenset({"PolicyDocument", "Topics"}), _put_policy, _delete_policy, _update_policy
    ),
    ResourceType("AWS::SNS::Subscription", frozenset({"Endpoint", "Protocol", "TopicArn"}), _subscribe, _unsubscribe),
)
