"""Retry policies in the engine: on the machine's clock, with failures that this machine does not have by itself."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pipelines_kit import IMAGES, ROLE, definition, processing

from local_aws import machine
from local_aws.errors import AwsError
from local_aws.jobs import Jobs
from local_aws.operations import Aws
from local_aws.pipelines import execution_operations, executions, pipeline_operations
from local_aws.pipelines.engine import Engine
from local_aws.processes.images import Images

Document = dict[str, Any]

INTERNAL = "SageMaker.JOB_INTERNAL_ERROR"


@pytest.fixture
def aws(tmp_path: Path) -> Iterator[Aws]:
    """A machine whose engine lives and whose jobs never run: the test ends them."""
    table = tmp_path / "images.toml"
    table.write_text(IMAGES)
    found = machine.build(tmp_path / "home", 0, "us-east-1", Images.read(table))
    found.part(Engine).start()
    yield found
    found.part(Engine).stop()


def start(aws: Aws, *policies: Document) -> str:
    step = processing("A", "print()") | ({"RetryPolicies": list(policies)} if policies else {})
    request = {
        "PipelineName": "p",
        "RoleArn": ROLE,
        "PipelineDefinition": json.dumps(definition([step])),
        "ClientRequestToken": "c" * 32,
    }
    pipeline_operations.create_pipeline(aws, request)
    answer = execution_operations.start(aws, {"PipelineName": "p", "ClientRequestToken": "s" * 32})
    return str(answer["PipelineExecutionArn"])  # type: ignore[index,call-overload]


def entry(aws: Aws, arn: str) -> Document:
    return executions.load(aws, arn)["Steps"]["A"]  # type: ignore[no-any-return]


def end_job(aws: Aws, arn: str, reason: str) -> None:
    """End the step's job; without a reason it is Completed."""
    job = {"ProcessingJobName": entry(aws, arn)["Resource"], "ProcessingJobStatus": "Failed" if reason else "Completed"}
    with aws.store.transaction():
        for callback in aws.part(Jobs).callbacks:
            callback("Processing", job | ({"FailureReason": reason} if reason else {}))


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_job_that_failed_for_an_internal_reason_runs_again(aws: Aws) -> None:
    arn = start(aws, {"ExceptionType": [INTERNAL], "IntervalSeconds": 600, "BackoffRate": 3, "MaxAttempts": 2})
    names = [entry(aws, arn)["Resource"]]
    for wait in (600, 1800):
        end_job(aws, arn, "InternalServerError: We encountered an internal error. Please try again.")
        waiting = entry(aws, arn)
        assert waiting["StepStatus"] == "Starting"
        assert waiting["RetryAt"] - aws.clock.now() == pytest.approx(wait, abs=5)
        assert executions.load(aws, arn)["PipelineExecutionStatus"] == "Executing"
        aws.clock.set(wait + 1)
        until(lambda: entry(aws, arn)["StepStatus"] == "Executing")
        names.append(entry(aws, arn)["Resource"])
    assert len(set(names)) == 3
    assert entry(aws, arn)["AttemptCount"] == 3
    end_job(aws, arn, "InternalServerError: once more")
    assert executions.load(aws, arn)["PipelineExecutionStatus"] == "Failed"
    assert entry(aws, arn)["FailureReason"] == "InternalServerError: once more"


def test_the_jobs_own_fault_is_not_tried_again(aws: Aws) -> None:
    arn = start(aws, {"ExceptionType": [INTERNAL], "MaxAttempts": 5})
    end_job(aws, arn, "AlgorithmError: no such column, exit code: 1")
    assert executions.load(aws, arn)["PipelineExecutionStatus"] == "Failed"
    assert entry(aws, arn)["AttemptCount"] == 1


def test_throttling_is_tried_again_without_a_policy(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    submit, calls = Jobs.submit, []

    def throttled(self: Jobs, kind: str, request: Document) -> str:
        calls.append(kind)
        if len(calls) == 1:
            raise AwsError("ThrottlingException", "Rate exceeded")
        return submit(self, kind, request)

    monkeypatch.setattr(Jobs, "submit", throttled)
    arn = start(aws)
    assert entry(aws, arn)["StepStatus"] == "Starting"
    aws.clock.set(2)
    until(lambda: entry(aws, arn)["StepStatus"] == "Executing")
    end_job(aws, arn, "")
    assert executions.load(aws, arn)["PipelineExecutionStatus"] == "Succeeded"
    assert "FailureReason" not in entry(aws, arn)


def test_a_wait_survives_a_restart_and_ends_with_a_stop(aws: Aws) -> None:
    arn = start(aws, {"ExceptionType": [INTERNAL], "IntervalSeconds": 600, "MaxAttempts": 2})
    end_job(aws, arn, "InternalServerError")
    aws.part(Engine).stop()
    again = Engine(aws)
    again.start()
    try:
        aws.clock.set(601)
        until(lambda: entry(aws, arn)["StepStatus"] == "Executing")
    finally:
        again.stop()
    end_job(aws, arn, "InternalServerError")
    assert entry(aws, arn)["StepStatus"] == "Starting"
    execution_operations.stop(aws, {"PipelineExecutionArn": arn, "ClientRequestToken": "t" * 32})
    assert executions.load(aws, arn)["PipelineExecutionStatus"] == "Stopped"
    assert entry(aws, arn)["StepStatus"] == "Stopped"
