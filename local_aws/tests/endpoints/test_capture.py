"""What endpoints capture, and answers that are streamed."""

import base64
import json
import re
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from botocore.eventstream import EventStreamBuffer
from botocore.exceptions import ClientError, EventStreamError
from hypothesis import given
from hypothesis import strategies as st

from local_aws import uuids
from local_aws.endpoints import event_stream
from local_aws.endpoints.capture import Captures
from local_aws.endpoints.group import Answered
from local_aws.operations import Aws
from local_aws.s3 import buckets, objects
from local_aws.serving import Answer

#: Waits for a file between its two pieces; /dev/null stands for "break off".
PIECES = """
import os, pathlib, time
def pieces(go):
    yield b"first,"
    end = time.monotonic() + 50
    while not pathlib.Path(go).exists() and time.monotonic() < end: time.sleep(0.01)
    if go == "/dev/null": os._exit(3)
    yield b"second"
def app(environ, start_response):
    if environ["PATH_INFO"] == "/ping":
        start_response("200 OK", [("Content-Length", "0")])
        return [b""]
    body = environ["wsgi.input"].read().decode()
    if body in ("bad", ""):
        start_response("400 Bad Request" if body else "200 OK", [("Content-Type", "text/plain")])
        return [b"no such ", b"thing"] if body else []
    attributes = environ.get("HTTP_X_AMZN_SAGEMAKER_CUSTOM_ATTRIBUTES", "")
    start_response("200 OK", [("Content-Type", environ["HTTP_ACCEPT"]),
                              ("X-Amzn-SageMaker-Custom-Attributes", attributes + "!")])
    return pieces(body)
"""


def capture(percentage: int = 100, **members: Any) -> dict[str, Any]:
    return {
        "EnableCapture": True,
        "InitialSamplingPercentage": percentage,
        "DestinationS3Uri": "s3://models/capture/",
        "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}],
        "CaptureContentTypeHeader": {"CsvContentTypes": ["text/csv"], "JsonContentTypes": ["text/plain"]},
        **members,
    }


def captured(served: Any, endpoint: str, count: int) -> tuple[list[str], list[dict[str, Any]]]:
    """Keys and records of an endpoint, as soon as there are `count` records."""
    end = time.monotonic() + 30
    while True:
        found = served.s3.list_objects_v2(Bucket="models", Prefix=f"capture/{endpoint}/").get("Contents", [])
        keys = [entry["Key"] for entry in found]
        bodies = [served.s3.get_object(Bucket="models", Key=key)["Body"].read() for key in keys]
        records = [json.loads(line) for body in bodies for line in body.splitlines()]
        if len(records) >= count:
            return keys, records
        assert time.monotonic() < end, records
        time.sleep(0.05)


def test_what_is_asked_and_answered_is_captured_in_the_layout_of_aws(served: Any) -> None:
    name = served.endpoint(served.config(served.model("<"), DataCaptureConfig=capture()))
    shown = served.sagemaker.describe_endpoint(EndpointName=name)["DataCaptureConfig"]
    assert (shown["CaptureStatus"], shown["CurrentSamplingPercentage"]) == ("Started", 100)
    served.invoke(name, "a,ü\n".encode(), ContentType="Text/CSV; charset=utf-8", InferenceId="mine")
    served.invoke(name, b"\xff\x00", ContentType="application/x-npy")
    with pytest.raises(ClientError, match="planted reason"):
        served.invoke(name, b"status 400 planted reason")
    keys, records = captured(served, name, 2)
    layout = rf"capture/{name}/AllTraffic/\d{{4}}/\d\d/\d\d/\d\d/\d\d-\d\d-\d{{3}}-[0-9a-f-]{{36}}\.jsonl"
    assert all(re.fullmatch(layout, key) for key in keys)
    first, second = records
    event = first["eventMetadata"].pop("eventId")
    at = first["eventMetadata"].pop("inferenceTime")
    assert abs(time.mktime(time.strptime(at, "%Y-%m-%dT%H:%M:%SZ")) - time.timezone - time.time()) < 300
    assert first == {
        "captureData": {
            "endpointInput": {
                "observedContentType": "Text/CSV; charset=utf-8",
                "mode": "INPUT",
                "data": "a,ü\n",
                "encoding": "CSV",
            },
            "endpointOutput": {
                "observedContentType": "text/plain",
                "mode": "OUTPUT",
                "data": "<a,ü\n",
                "encoding": "JSON",
            },
        },
        "eventMetadata": {"inferenceId": "mine"},
        "eventVersion": "0",
    }
    given, made = second["captureData"]["endpointInput"], second["captureData"]["endpointOutput"]
    assert (given["encoding"], base64.b64decode(given["data"])) == ("BASE64", b"\xff\x00")
    assert (made["encoding"], base64.b64decode(made["data"])) == ("BASE64", b"<\xff\x00")  # text/plain, and no text
    assert second["eventMetadata"]["eventId"] != event
    assert "inferenceId" not in second["eventMetadata"]


def test_a_sample_of_inputs_alone(served: Any) -> None:
    config = capture(30, CaptureOptions=[{"CaptureMode": "Input"}])
    name = served.endpoint(served.config(served.model("<"), DataCaptureConfig=config))
    last = served.endpoint(served.config(served.model("<"), DataCaptureConfig=capture()))
    for number in range(300):
        served.raw(name, b"%d" % number)
    served.invoke(last)
    captured(served, last, 1)  # what was before it is written as well
    _, records = captured(served, name, 1)
    assert 40 < len(records) < 150
    assert all(list(record["captureData"]) == ["endpointInput"] for record in records)
    assert records[0]["captureData"]["endpointInput"]["encoding"] == "JSON"


@dataclass
class Variant:
    """What captures know of a group."""

    config: dict[str, Any]
    endpoint: str = "e"
    name: str = "v"


def seen(aws: Aws, body: bytes) -> Any:
    return Answered(aws.clock.now(), "text/csv", "", "", body, Answer(200, {}, b"1"))


def test_the_folder_is_the_hour_of_the_servers_clock_and_a_stop_loses_nothing(aws: Aws) -> None:
    buckets.create_bucket(aws, {"Bucket": "models"})
    captures = Captures(aws)
    observe = captures.observer(Variant({"DataCaptureConfig": capture()}))  # type: ignore[arg-type]
    assert observe
    captures.start()
    hours = []
    for offset in (0, 40 * 86400, 86400):
        aws.clock.set(offset)
        hours.append(time.strftime("%Y/%m/%d/%H", time.gmtime(aws.clock.now())))
        observe(seen(aws, b"%d" % offset))
    captures.stop()
    found = objects.keys(aws, "models", "capture/e/v/")
    assert [entry.key.removeprefix("capture/e/v/").rpartition("/")[0] for entry in found] == sorted(hours)
    assert all(len(entry.blob.read_bytes().splitlines()) == 1 for entry in found)


def test_a_bucket_that_is_gone_takes_only_its_own_with_it(aws: Aws, caplog: pytest.LogCaptureFixture) -> None:
    buckets.create_bucket(aws, {"Bucket": "models"})
    captures = Captures(aws)
    for place in ("s3://no-such-bucket/x", "s3://models/capture"):
        observe = captures.observer(Variant({"DataCaptureConfig": capture(DestinationS3Uri=place)}))  # type: ignore[arg-type]
        assert observe
        observe(seen(aws, b"1"))
    captures.flush()
    assert "no-such-bucket" in caplog.text
    assert len(objects.keys(aws, "models", "capture/e/v/")) == 1


@pytest.mark.parametrize(
    "config", [{}, {"DataCaptureConfig": capture(EnableCapture=False)}, {"DataCaptureConfig": capture(0)}]
)
def test_nothing_is_observed_unless_it_is_enabled(aws: Aws, config: dict[str, Any]) -> None:
    assert Captures(aws).observer(Variant(config)) is None  # type: ignore[arg-type]


# streaming


def stream(served: Any, name: str, body: bytes | str, **members: Any) -> dict[str, Any]:
    found: dict[str, Any] = served.runtime.invoke_endpoint_with_response_stream(
        EndpointName=name, Body=body, ContentType="text/plain", Accept="text/x-mine", **members
    )
    return found


@pytest.fixture(scope="module")
def streaming(served: Any) -> str:
    """An endpoint that answers in pieces, and captures."""
    name: str = served.endpoint(served.config(served.model("", source=PIECES), DataCaptureConfig=capture()))
    return name


def test_each_piece_comes_when_the_container_sends_it(served: Any, streaming: str, tmp_path: Path) -> None:
    go = tmp_path / "go"
    answer = stream(served, streaming, str(go), CustomAttributes="seen")
    assert (answer["ContentType"], answer["InvokedProductionVariant"]) == ("text/x-mine", "AllTraffic")
    assert answer["CustomAttributes"] == "seen!"
    events: Iterator[dict[str, Any]] = iter(answer["Body"])
    assert next(events)["PayloadPart"]["Bytes"] == b"first,"
    go.touch()  # the second is not made before the first is here
    assert b"".join(event["PayloadPart"]["Bytes"] for event in events) == b"second"
    _, records = captured(served, streaming, 1)
    assert records[0]["captureData"]["endpointOutput"]["observedContentType"] == "text/x-mine"
    assert base64.b64decode(records[0]["captureData"]["endpointOutput"]["data"]) == b"first,second"


def test_an_answer_without_a_body_is_an_empty_stream(served: Any, streaming: str) -> None:
    assert list(stream(served, streaming, b"")["Body"]) == []


def test_what_is_no_answer_is_an_error_before_the_stream(served: Any, streaming: str) -> None:
    with pytest.raises(ClientError, match="no such thing") as caught:
        stream(served, streaming, b"bad")
    assert caught.value.response["Error"]["Code"] == "ModelError"
    assert caught.value.response["OriginalStatusCode"] == 400
    with pytest.raises(ClientError, match="not found") as caught:
        stream(served, "no-such-endpoint", b"x")
    assert caught.value.response["Error"]["Code"] == "ValidationError"


def test_an_answer_that_breaks_off_says_so(served: Any) -> None:
    name = served.endpoint(served.config(served.model("", source=PIECES)))
    events = iter(stream(served, name, b"/dev/null")["Body"])
    assert next(events)["PayloadPart"]["Bytes"] == b"first,"
    with pytest.raises(EventStreamError, match="ended before") as caught:
        list(events)
    assert caught.value.response["Error"]["Code"] == "ModelStreamError"


@given(st.dictionaries(st.text("abc:-", min_size=1, max_size=9), st.text(max_size=20)), st.binary(max_size=300))
def test_messages_are_what_botocore_reads(headers: dict[str, str], payload: bytes) -> None:
    buffer = EventStreamBuffer()
    buffer.add_data(event_stream.message(headers, payload) + event_stream.event("PayloadPart", payload))
    first, second = buffer
    assert (first.headers, first.payload) == (headers, payload)
    assert (second.headers[":event-type"], second.payload) == ("PayloadPart", payload)


def test_many_uuids_are_random_ones_of_version_4() -> None:
    made = uuids.many(200)
    assert len(set(made)) == 200
    assert all(str(uuid.UUID(text)) == text and uuid.UUID(text).version == 4 for text in made)
    assert {uuid.UUID(text).variant for text in made} == {uuid.RFC_4122}
