"""What becomes of accepted asynchronous requests, without a model: expiry, ends, and endpoints that go."""

from collections.abc import Callable
from typing import Any

import pytest

from local_aws.cloudwatch import metrics
from local_aws.endpoints.asynchronous import queue, requests
from local_aws.endpoints.asynchronous.queue import Queues
from local_aws.endpoints.document import ENDPOINT
from local_aws.errors import AwsError
from local_aws.operations import Aws
from local_aws.s3 import buckets, objects

CONFIG = {"OutputConfig": {"S3OutputPath": "s3://out/done", "S3FailurePath": "s3://out/failed"}}
CREATED = 7.0

Accept = Callable[..., tuple[str, dict[str, Any]]]


@pytest.fixture
def accept(aws: Aws) -> Accept:
    """accept(RequestTTLSeconds=60): the key and the document of a new request to the endpoint "e"."""
    buckets.create_bucket(aws, {"Bucket": "out"})
    aws.store.put(ENDPOINT.kind, "e", {"EndpointName": "e", "CreationTime": CREATED, "EndpointStatus": "InService"})
    aws.clock.set(rate=1e-9)

    def accepted(created: float = CREATED, config: dict[str, Any] = CONFIG, **members: Any) -> Any:
        with aws.store.transaction():
            request = {"EndpointName": "e", "InputLocation": "s3://in/x", "Filename": "one.out"}
            return requests.accept(aws, request | members, config, created)

    return accepted


def stored(aws: Aws) -> dict[str, bytes]:
    return {entry.key: entry.blob.read_bytes() for entry in objects.keys(aws, "out")}


def blobs(aws: Aws) -> int:
    return len(list(aws.store.blobs.glob("??/*")))


def counted(aws: Aws) -> set[str]:
    return {metric.name for metric in metrics.known(aws)}


def expire(aws: Aws, *accepted: tuple[str, dict[str, Any]]) -> list[str]:
    """The keys that still wait after a look at the queue."""
    queues = aws.part(Queues)
    found = queues._queues["e"] = queue._Queue()
    found.waiting.extend(queue._Waiting(*one) for one in accepted)
    queues._expire("e", found)
    return [one.key for one in found.waiting]


def test_what_waits_longer_than_it_may_fails_with_the_reason(aws: Aws, accept: Accept) -> None:
    short, long = accept(RequestTTLSeconds=60), accept(RequestTTLSeconds=61)
    assert expire(aws, short, long) == [short[0], long[0]]
    aws.clock.set(offset=60.5)
    assert expire(aws, short, long) == [long[0]]
    (content,) = stored(aws).values()
    assert content == b"ClientError: The request expired: it waited for RequestTTLSeconds (60 s)."
    assert [key for key, _ in requests.waiting(aws)] == [long[0]]
    assert {"ExpiredRequests", "InvocationFailures"} <= counted(aws)


def test_a_new_endpoint_of_the_name_gets_none_of_the_old_ones_requests(aws: Aws, accept: Accept) -> None:
    old, own = accept(created=CREATED - 1), accept()
    assert expire(aws, old, own) == [own[0]]
    assert [key for key, _ in requests.waiting(aws)] == [own[0]]
    assert stored(aws) == {}  # nobody answers


def test_the_queue_of_an_endpoint_goes_with_it(aws: Aws, accept: Accept) -> None:
    one = accept()
    assert expire(aws, one) == [one[0]]
    assert "e" in aws.part(Queues)._queues
    aws.store.delete(ENDPOINT.kind, "e")
    assert expire(aws, one) == []
    assert aws.part(Queues)._queues == {}
    assert requests.waiting(aws) == []


def test_a_result_ends_its_request(aws: Aws, accept: Accept) -> None:
    key, document = accept()
    requests.complete(aws, key, document, "text/csv", b"1.5\n")
    entry = objects.read(aws, "out", "done/one.out")
    assert entry.blob.read_bytes() == b"1.5\n"
    assert entry.document["Headers"]["ContentType"] == "text/csv"
    assert requests.waiting(aws) == []
    assert "InvocationsProcessed" in counted(aws)


@pytest.mark.parametrize("how", ["complete", "fail"])
def test_an_answer_that_comes_after_the_end_leaves_nothing(aws: Aws, accept: Accept, how: str) -> None:
    key, document = accept()
    requests.drop(aws, key)
    if how == "complete":
        requests.complete(aws, key, document, "text/csv", b"late")
    else:
        requests.fail(aws, key, document, "late")
    assert stored(aws) == {}
    assert blobs(aws) == 0
    assert counted(aws) == set()


def test_a_result_without_a_bucket_leaves_its_request_and_no_bytes(aws: Aws, accept: Accept) -> None:
    key, document = accept(config={"OutputConfig": {"S3OutputPath": "s3://none/x"}})
    with pytest.raises(AwsError, match="bucket"):
        requests.complete(aws, key, document, "text/csv", b"1")
    assert blobs(aws) == 0
    assert [waiting for waiting, _ in requests.waiting(aws)] == [key]


def test_a_failure_without_a_bucket_is_still_an_end(aws: Aws, accept: Accept) -> None:
    key, document = accept(config={"OutputConfig": {"S3OutputPath": "s3://out/x", "S3FailurePath": "s3://none/x"}})
    requests.fail(aws, key, document, "no", b"the model's own words")
    assert blobs(aws) == 0
    assert requests.waiting(aws) == []


@pytest.mark.parametrize("how", ["complete", "fail"])
def test_what_is_stored_has_the_key_of_the_configuration(aws: Aws, accept: Accept, how: str) -> None:
    key, document = accept(config={"OutputConfig": CONFIG["OutputConfig"] | {"KmsKeyId": "alias/own"}})
    if how == "complete":
        requests.complete(aws, key, document, "text/csv", b"1")
    else:
        requests.fail(aws, key, document, "no")
    (entry,) = objects.keys(aws, "out")
    assert entry.document["Headers"]["SSEKMSKeyId"] == "alias/own"
    assert entry.document["Headers"]["ServerSideEncryption"] == "aws:kms"


def test_a_topic_that_is_gone_keeps_no_result_back(aws: Aws, accept: Accept) -> None:
    topic = {"SuccessTopic": "arn:aws:sns:us-east-1:123456789012:gone"}
    key, document = accept(config={"OutputConfig": CONFIG["OutputConfig"] | {"NotificationConfig": topic}})
    requests.complete(aws, key, document, "text/csv", b"1")
    assert stored(aws) == {"done/one.out": b"1"}
    assert requests.waiting(aws) == []
