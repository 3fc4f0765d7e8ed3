"""SQS and SNS as clients see them, against moto where moto does it; and KMS."""

import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError

from conftest import Target

Fresh = Callable[[str], str]


def queue(sqs: Any, name: str, **attributes: str) -> tuple[str, str]:
    """(URL, ARN)"""
    url = sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    return url, found["Attributes"]["QueueArn"]


def bodies(sqs: Any, url: str, **more: Any) -> list[str]:
    found = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, **more)
    return [message["Body"] for message in found.get("Messages", [])]


# SQS


def test_a_message_there_and_gone(aws_target: Target, fresh: Fresh) -> None:
    sqs = aws_target.client("sqs")
    url, _ = queue(sqs, fresh("queue"))
    attributes = {
        "kind": {"DataType": "String", "StringValue": "order"},
        "raw": {"DataType": "Binary", "BinaryValue": b"\x01"},
    }
    sent = sqs.send_message(QueueUrl=url, MessageBody="héllo", MessageAttributes=attributes)
    (found,) = sqs.receive_message(QueueUrl=url, MessageAttributeNames=["All"], MessageSystemAttributeNames=["All"])[
        "Messages"
    ]
    assert (found["MessageId"], found["Body"], found["MD5OfBody"]) == (
        sent["MessageId"],
        "héllo",
        sent["MD5OfMessageBody"],
    )
    assert found["MessageAttributes"] == attributes
    assert found["MD5OfMessageAttributes"] == sent["MD5OfMessageAttributes"]
    assert found["Attributes"]["ApproximateReceiveCount"] == "1"
    assert bodies(sqs, url) == []
    sqs.delete_message(QueueUrl=url, ReceiptHandle=found["ReceiptHandle"])
    counts = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert [counts[name] for name in counts if name.startswith("ApproximateNumber")] == ["0", "0", "0"]


def test_visibility(aws_target: Target, fresh: Fresh) -> None:
    sqs = aws_target.client("sqs")
    url, _ = queue(sqs, fresh("queue"))
    sqs.send_message(QueueUrl=url, MessageBody="again")
    (message,) = sqs.receive_message(QueueUrl=url)["Messages"]
    sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0)
    assert bodies(sqs, url) == ["again"]


def test_dead_letters(aws_target: Target, fresh: Fresh) -> None:
    sqs = aws_target.client("sqs")
    dead, arn = queue(sqs, fresh("dead"))
    redrive = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": "2"})
    url, _ = queue(sqs, fresh("queue"), RedrivePolicy=redrive, VisibilityTimeout="0")
    sqs.send_message(QueueUrl=url, MessageBody="poison")
    assert [bodies(sqs, url) for _ in range(3)] == [["poison"], ["poison"], []]
    assert bodies(sqs, dead) == ["poison"]


def test_batches(aws_target: Target, fresh: Fresh) -> None:
    sqs = aws_target.client("sqs")
    url, _ = queue(sqs, fresh("queue"))
    entries = [{"Id": str(number), "MessageBody": f"m{number}"} for number in range(5)]
    assert len(sqs.send_message_batch(QueueUrl=url, Entries=entries)["Successful"]) == 5
    messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    assert sorted(message["Body"] for message in messages) == [f"m{number}" for number in range(5)]
    done = [{"Id": str(index), "ReceiptHandle": item["ReceiptHandle"]} for index, item in enumerate(messages)]
    assert len(sqs.delete_message_batch(QueueUrl=url, Entries=done)["Successful"]) == 5


def test_a_queue_that_is_not_there(aws_target: Target) -> None:
    sqs = aws_target.client("sqs")
    with pytest.raises(sqs.exceptions.QueueDoesNotExist) as error:
        sqs.get_queue_url(QueueName="nobody")
    assert error.value.response["Error"]["Code"] == "AWS.SimpleQueueService.NonExistentQueue"


def test_the_same_queue_again(aws_target: Target, fresh: Fresh) -> None:
    sqs, name = aws_target.client("sqs"), fresh("queue")
    assert queue(sqs, name) == queue(sqs, name)
    with pytest.raises(ClientError, match="already exists"):
        queue(sqs, name, VisibilityTimeout="7")


def test_long_polling_ends_when_a_message_comes(client: Callable[..., Any], fresh: Fresh) -> None:
    sqs = client("sqs")
    url, _ = queue(sqs, fresh("queue"))
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(bodies, client("sqs"), url, WaitTimeSeconds=20)
        time.sleep(0.2)
        start = time.monotonic()
        sqs.send_message(QueueUrl=url, MessageBody="now")
        assert waiting.result() == ["now"]
        assert time.monotonic() - start < 5
    start = time.monotonic()
    assert bodies(sqs, url, WaitTimeSeconds=1) == []
    assert 0.8 < time.monotonic() - start < 5


def test_a_delayed_message_ends_long_polling(client: Callable[..., Any], fresh: Fresh) -> None:
    sqs = client("sqs")
    url, _ = queue(sqs, fresh("queue"))
    sqs.send_message(QueueUrl=url, MessageBody="later", DelaySeconds=1)
    assert bodies(sqs, url) == []
    assert bodies(sqs, url, WaitTimeSeconds=10) == ["later"]


@pytest.mark.parametrize(
    ("operation", "request_"),
    [
        ("create_queue", {"QueueName": "orders.fifo"}),
        ("create_queue", {"QueueName": "orders", "Attributes": {"FifoQueue": "true"}}),
    ],
)
def test_fifo_is_refused_by_name(client: Callable[..., Any], operation: str, request_: dict[str, Any]) -> None:
    with pytest.raises(ClientError, match="does not support FIFO"):
        getattr(client("sqs"), operation)(**request_)


# SNS


def test_a_topic_to_queues(aws_target: Target, fresh: Fresh) -> None:
    sqs, sns = aws_target.client("sqs"), aws_target.client("sns")
    topic = sns.create_topic(Name=fresh("topic"))["TopicArn"]
    plain, plain_arn = queue(sqs, fresh("plain"))
    raw, raw_arn = queue(sqs, fresh("raw"))
    some, some_arn = queue(sqs, fresh("some"))
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=plain_arn)
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=raw_arn, Attributes={"RawMessageDelivery": "true"})
    policy = {"FilterPolicy": json.dumps({"stage": ["prod"]}), "RawMessageDelivery": "true"}
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=some_arn, Attributes=policy)
    sent = sns.publish(TopicArn=topic, Message="one", Subject="about")["MessageId"]
    stage = {"stage": {"DataType": "String", "StringValue": "prod"}}
    sns.publish(TopicArn=topic, Message="two", MessageAttributes=stage)
    first, second = (json.loads(body) for body in bodies(sqs, plain))
    wanted = ("Notification", sent, topic, "about", "one")
    assert tuple(first[key] for key in ("Type", "MessageId", "TopicArn", "Subject", "Message")) == wanted
    assert second["MessageAttributes"] == {"stage": {"Type": "String", "Value": "prod"}}
    assert bodies(sqs, raw) == ["one", "two"]
    assert bodies(sqs, some) == ["two"]


def test_a_mail_waits_for_its_confirmation(client: Callable[..., Any], fresh: Fresh) -> None:
    sns = client("sns")
    topic = sns.create_topic(Name=fresh("topic"))["TopicArn"]
    answer = sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="ml@example.com")
    assert answer["SubscriptionArn"] == "pending confirmation"
    (listed,) = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    assert (listed["SubscriptionArn"], listed["Endpoint"]) == ("PendingConfirmation", "ml@example.com")
    assert sns.get_topic_attributes(TopicArn=topic)["Attributes"]["SubscriptionsPending"] == "1"
    sns.publish(TopicArn=topic, Message="nobody hears it")


def test_topics_come_and_go(aws_target: Target, fresh: Fresh) -> None:
    sns = aws_target.client("sns")
    topic = sns.create_topic(Name=fresh("topic"), Tags=[{"Key": "a", "Value": "1"}])["TopicArn"]
    sns.set_topic_attributes(TopicArn=topic, AttributeName="DisplayName", AttributeValue="Shown")
    assert sns.get_topic_attributes(TopicArn=topic)["Attributes"]["DisplayName"] == "Shown"
    sns.tag_resource(ResourceArn=topic, Tags=[{"Key": "b", "Value": "2"}])
    sns.untag_resource(ResourceArn=topic, TagKeys=["a"])
    assert sns.list_tags_for_resource(ResourceArn=topic)["Tags"] == [{"Key": "b", "Value": "2"}]
    assert topic in [item["TopicArn"] for item in sns.list_topics()["Topics"]]
    sns.delete_topic(TopicArn=topic)
    with pytest.raises(ClientError) as error:
        sns.publish(TopicArn=topic, Message="late")
    assert error.value.response["Error"]["Code"] == "NotFound"


@pytest.mark.parametrize("protocol", ["http", "sms", "firehose", "lambda"])
def test_protocols_that_are_not_here(client: Callable[..., Any], fresh: Fresh, protocol: str) -> None:
    sns = client("sns")
    topic = sns.create_topic(Name=fresh("topic"))["TopicArn"]
    endpoint = "arn:aws:lambda:us-east-1:123456789012:nothing:f" if protocol == "lambda" else "http://example.com"
    with pytest.raises(ClientError, match=protocol) as error:
        sns.subscribe(TopicArn=topic, Protocol=protocol, Endpoint=endpoint)
    assert error.value.response["Error"]["Code"] == "NotImplemented"


# KMS


def test_a_key_and_its_alias(aws_target: Target, fresh: Fresh) -> None:
    kms, alias = aws_target.client("kms"), f"alias/{fresh('key')}"
    key = kms.create_key(Description="for a test", Tags=[{"TagKey": "a", "TagValue": "1"}])["KeyMetadata"]
    kms.create_alias(AliasName=alias, TargetKeyId=key["KeyId"])
    found = kms.describe_key(KeyId=alias)["KeyMetadata"]
    assert (found["Arn"], found["KeyState"], found["Description"]) == (key["Arn"], "Enabled", "for a test")
    assert [item["AliasName"] for item in kms.list_aliases(KeyId=key["KeyId"])["Aliases"]] == [alias]
    kms.enable_key_rotation(KeyId=key["KeyId"])
    assert kms.get_key_rotation_status(KeyId=key["KeyId"])["KeyRotationEnabled"]
    policy = json.dumps({"Version": "2012-10-17", "Statement": []})
    kms.put_key_policy(KeyId=key["KeyId"], PolicyName="default", Policy=policy)
    assert json.loads(kms.get_key_policy(KeyId=key["KeyId"], PolicyName="default")["Policy"]) == json.loads(policy)
    assert kms.list_resource_tags(KeyId=key["KeyId"])["Tags"] == [{"TagKey": "a", "TagValue": "1"}]
    kms.schedule_key_deletion(KeyId=key["KeyId"], PendingWindowInDays=7)
    assert kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]["KeyState"] == "PendingDeletion"
    kms.cancel_key_deletion(KeyId=key["KeyId"])
    kms.delete_alias(AliasName=alias)
    with pytest.raises(kms.exceptions.NotFoundException):
        kms.describe_key(KeyId=alias)


def test_encryption_is_refused_by_name(client: Callable[..., Any]) -> None:
    kms = client("kms")
    with pytest.raises(ClientError, match="kms:Encrypt"):
        kms.encrypt(KeyId=kms.create_key()["KeyMetadata"]["KeyId"], Plaintext=b"secret")
