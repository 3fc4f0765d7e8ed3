"""The end of a job is written, whatever stands in its way."""

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from local_aws.jobs import workers
from local_aws.jobs.jobs import Jobs
from local_aws.jobs.workers import Workers
from local_aws.operations import Aws
from local_aws.store import disk_full

KIND = "sagemaker:ProcessingJob"


def stopping(aws: Aws, name: str) -> None:
    """A job that an earlier server was asked to stop."""
    document = {
        "ProcessingJobName": name,
        "ProcessingJobArn": f"arn:aws:sagemaker:us-east-1:123456789012:processing-job/{name}",
        "ProcessingJobStatus": "Stopping",
        "CreationTime": aws.clock.now(),
    }
    aws.store.put(KIND, name, document)


def status(aws: Aws, name: str) -> str:
    return str(aws.part(Jobs).describe("Processing", name)["ProcessingJobStatus"])


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_the_end_is_written_once_the_disk_has_room(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "AGAIN", 0.01)
    tries: list[str] = []

    def full(_: str, job: dict[str, Any]) -> None:
        tries.append(job["ProcessingJobStatus"])
        if len(tries) < 4:
            raise disk_full(aws.home)

    aws.part(Jobs).on_end(full)
    stopping(aws, "waits")
    aws.part(Workers).start()
    try:
        until(lambda: status(aws, "waits") == "Stopped")
    finally:
        aws.part(Workers).stop()
    assert len(tries) == 4


def test_a_fast_clock_does_not_hurry_it(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk must not keep a core busy."""
    monkeypatch.setattr(workers, "AGAIN", 1000.0)
    aws.clock.set(rate=100_000)
    tries: list[int] = []

    def full(*_: Any) -> None:
        tries.append(1)
        raise disk_full(aws.home)

    aws.part(Jobs).on_end(full)
    stopping(aws, "waits")
    aws.part(Workers).start()
    until(lambda: len(tries) == 2)
    time.sleep(0.1)
    aws.part(Workers).stop()
    assert len(tries) == 2  # the second is the insisting one


def test_a_server_that_stops_does_not_wait_for_room(aws: Aws) -> None:
    tried = threading.Event()

    def full(*_: Any) -> None:
        tried.set()
        raise disk_full(aws.home)

    aws.part(Jobs).on_end(full)
    stopping(aws, "waits")
    aws.part(Workers).start()
    assert tried.wait(10)
    begun = time.monotonic()
    aws.part(Workers).stop()
    assert time.monotonic() - begun < 5
    assert status(aws, "waits") == "Stopping"


def test_an_end_that_cannot_be_written_is_a_failure_with_a_reason(aws: Aws) -> None:
    def refuses(_: str, job: dict[str, Any]) -> None:
        if job["ProcessingJobStatus"] == "Completed":
            raise ValueError("nobody expected this")

    aws.part(Jobs).on_end(refuses)
    stopping(aws, "odd")
    document = aws.store.get(KIND, "odd") or {}
    aws.part(Workers)._end(workers.KINDS["Processing"], document, workers.Outcome("Completed"))
    found = aws.part(Jobs).describe("Processing", "odd")
    assert found["ProcessingJobStatus"] == "Failed"
    assert found["FailureReason"].endswith("The outputs cannot be written: ValueError: nobody expected this")


def test_an_output_whose_name_is_not_utf8_fails_the_job_by_its_name(jobs: Any) -> None:
    found = jobs.python("open(b'/opt/ml/processing/out/\\xff', 'w').close()")
    assert found["ProcessingJobStatus"] == "Failed"
    assert r"\xff' has no name in UTF-8" in found["FailureReason"]
