"""Data capture of real-time endpoints: what was asked and answered, as lines of JSON in S3.

`<DestinationS3Uri>/<endpoint>/<variant>/yyyy/mm/dd/hh/mm-ss-mmm-<uuid>.jsonl`, the hour by the server's clock
(https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-data-capture-endpoint.html). The event loop only keeps
what it has seen; a thread writes it each second of the machine's time, and at the end of the server. A kill loses what
was answered since: at most about a second.
"""

import base64
import logging
import random
import threading
from collections import defaultdict, deque
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from json.encoder import encode_basestring as quoted
from typing import Any
from uuid import uuid4

from local_aws import uuids
from local_aws.endpoints.group import OBSERVERS, Answered, Group, Observer
from local_aws.errors import AwsError
from local_aws.operations import Aws
from local_aws.s3 import objects

log = logging.getLogger("local_aws.endpoints")

Document = dict[str, Any]

#: Seconds of the machine's time between two writes.
FLUSH = 1.0

#: As soon as so many bytes wait, they are written without waiting for the second to end.
ENOUGH = 16 << 20

BASE64 = "BASE64"

#: What is kept of a request: its time, inference id, content type and body, then the answer's content type and body.
#: A tuple of plain values, as Python's garbage collector need not look at those again; objects cost ten times as much.
Seen = tuple[float, str, str, bytes, bytes, bytes]


@dataclass(frozen=True)
class Capture:
    """DataCaptureConfig of one variant.

    folder      S3 URI of what the variant captures
    percentage  of the requests, 0 to 100
    encodings   encoding by content type; others are base64
    """

    folder: str
    percentage: int
    inputs: bool
    outputs: bool
    encodings: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, group: Group) -> "Capture | None":
        """None when nothing is captured."""
        config: Document = group.config.get("DataCaptureConfig") or {}
        if not config.get("EnableCapture"):
            return None
        modes = {option["CaptureMode"] for option in config["CaptureOptions"]}
        types: Document = config.get("CaptureContentTypeHeader") or {}
        encodings = {name.lower(): "CSV" for name in types.get("CsvContentTypes") or []}
        encodings |= {name.lower(): "JSON" for name in types.get("JsonContentTypes") or []}
        return cls(
            f"{config['DestinationS3Uri'].rstrip('/')}/{group.endpoint}/{group.name}",
            config["InitialSamplingPercentage"],
            bool(modes & {"Input", "InputAndOutput"}),
            bool(modes & {"Output", "InputAndOutput"}),
            tuple(encodings.items()),
        )

    def line(self, seen: Seen, event: str) -> str:
        """One captured request as a line of JSON."""
        at, inference_id, given_type, given, made_type, made = seen
        sides = []
        if self.inputs:
            sides.append(self._side("INPUT", given_type, given))
        if self.outputs:
            sides.append(self._side("OUTPUT", made_type.decode("latin-1"), made))
        identity = f'"inferenceId":{quoted(inference_id)},' if inference_id else ""
        return (
            f'{{"captureData":{{{",".join(sides)}}},"eventMetadata":{{"eventId":"{event}",{identity}'
            f'"inferenceTime":"{_second(int(at))}"}},"eventVersion":"0"}}\n'
        )

    def _side(self, mode: str, content_type: str, body: bytes) -> str:
        head, encoding = _head(mode, content_type, self.encodings)
        if encoding != BASE64:
            try:
                return f'{head}{quoted(body.decode())},"encoding":"{encoding}"}}'
            except UnicodeDecodeError:
                pass  # it is not what its type says
        return f'{head}"{base64.b64encode(body).decode()}","encoding":"{BASE64}"}}'


@lru_cache(1024)
def _head(mode: str, content_type: str, encodings: tuple[tuple[str, str], ...]) -> tuple[str, str]:
    """A side's JSON as far as the data, and how these are encoded."""
    encoding = dict(encodings).get(content_type.partition(";")[0].strip().lower(), BASE64)
    name = f"endpoint{mode.capitalize()}"
    return f'"{name}":{{"observedContentType":{quoted(content_type)},"mode":"{mode}","data":', encoding


@lru_cache(1024)
def _second(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Captures:
    """The living part: it gathers what the observers have seen and writes it."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws
        self._seen: defaultdict[Capture, deque[Seen]] = defaultdict(deque)
        self._size = 0
        self._wake = threading.Event()
        self._ending = False
        self._thread = threading.Thread(target=self._work, name="captures", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """What was seen is written. Call it when no more requests come."""
        self._ending = True
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join()

    def observer(self, group: Group) -> Observer | None:
        """What the group tells of each answered request; None when it captures nothing."""
        capture = Capture.of(group)
        if capture is None or capture.percentage == 0:
            return None
        seen, percentage = self._seen[capture], capture.percentage

        def observe(answered: Answered) -> None:
            if percentage < 100 and random.random() * 100 >= percentage:  # noqa: S311  a sample, no secret
                return
            body, answer = answered.body, answered.answer
            kept = (answered.at, answered.inference_id, answered.content_type, body, answer.content_type, answer.body)
            seen.append(kept)
            self._size += len(body) + len(answer.body)
            if self._size > ENOUGH:
                self._wake.set()

        return observe

    def _work(self) -> None:
        while not self._ending:
            self._wake.wait(FLUSH)
            self._wake.clear()
            self.flush()

    def flush(self) -> None:
        """Write what waits: an object for each variant and hour."""
        self._size = 0
        for capture, waiting in list(self._seen.items()):
            hours: defaultdict[int, list[Seen]] = defaultdict(list)
            for _ in range(len(waiting)):
                seen = waiting.popleft()
                hours[int(seen[0] // 3600)].append(seen)
            for taken in hours.values():
                try:
                    self._write(capture, taken)
                except (AwsError, OSError) as error:
                    log.warning("What was captured for %s is lost: %s", capture.folder, error)

    def _write(self, capture: Capture, taken: list[Seen]) -> None:
        at = datetime.fromtimestamp(taken[0][0], UTC)
        name = f"{at:%Y/%m/%d/%H/%M-%S}-{at.microsecond // 1000:03}-{uuid4()}.jsonl"
        bucket, key = objects.split_uri(f"{capture.folder}/{name}")
        objects.bucket(self._aws, bucket)
        lines = map(capture.line, taken, uuids.many(len(taken)))
        staged = objects.stage(self._aws, "".join(lines).encode())
        try:
            objects.put(self._aws, bucket, key, staged)
        except BaseException:
            staged.discard()
            raise


OBSERVERS.append(lambda aws, group: aws.part(Captures).observer(group))
