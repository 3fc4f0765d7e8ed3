"""Retries, failures and the cache: on the machine's clock, with failures that this machine does not have by itself."""

import json
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pipelines_kit import IMAGES, ROLE, definition, processing

from local_aws import machine
from local_aws.errors import AwsError
from local_aws.jobs.jobs import Jobs
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
    create(aws, processing("A", "print()") | ({"RetryPolicies": list(policies)} if policies else {}))
    return start_again(aws)


def create(aws: Aws, *steps: Document) -> None:
    request = {
        "PipelineName": "p",
        "RoleArn": ROLE,
        "PipelineDefinition": json.dumps(definition(list(steps))),
        "ClientRequestToken": uuid.uuid4().hex,
    }
    pipeline_operations.create_pipeline(aws, request)


def start_again(aws: Aws) -> str:
    answer = execution_operations.start(aws, {"PipelineName": "p", "ClientRequestToken": uuid.uuid4().hex})
    return str(answer["PipelineExecutionArn"])  # type: ignore[index,call-overload]


def entry(aws: Aws, arn: str, name: str = "A") -> Document:
    return executions.load(aws, arn)["Steps"][name]  # type: ignore[no-any-return]


def states(aws: Aws, arn: str) -> dict[str, str]:
    return {name: item["StepStatus"] for name, item in executions.load(aws, arn)["Steps"].items()}


def end_job(aws: Aws, arn: str, reason: str, name: str = "A") -> None:
    """End the step's job; without a reason it is Completed."""
    job = aws.store.get("sagemaker:ProcessingJob", entry(aws, arn, name)["Resource"]) or {}
    job["ProcessingJobStatus"] = "Failed" if reason else "Completed"
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


def test_reasons_are_cut_at_1024_characters(aws: Aws) -> None:
    arn = start(aws, {"ExceptionType": [INTERNAL], "IntervalSeconds": 1, "MaxAttempts": 1})
    for beginning, status in (("InternalServerError: ", "Starting"), ("AlgorithmError: ", "Failed")):
        end_job(aws, arn, beginning + "x" * 5000)
        found = entry(aws, arn)
        assert (found["StepStatus"], found["FailureReason"]) == (status, (beginning + "x" * 5000)[:1024])
        if status == "Starting":
            aws.clock.set(2)
            until(lambda: entry(aws, arn)["StepStatus"] == "Executing")


def test_after_a_fail_step_nothing_more_starts(aws: Aws) -> None:
    reject = {"Name": "Reject", "Type": "Fail", "Arguments": {"ErrorMessage": "not good enough"}}
    create(aws, processing("A", "print()"), reject, processing("B", "print()", DependsOn=["A"]))
    arn = start_again(aws)
    assert states(aws, arn) == {"A": "Executing", "Reject": "Failed"}
    end_job(aws, arn, "")
    assert states(aws, arn) == {"A": "Succeeded", "Reject": "Failed"}
    assert executions.load(aws, arn)["PipelineExecutionStatus"] == "Failed"


def test_a_retry_forgets_what_succeeded_behind_what_did_not(aws: Aws) -> None:
    """B ran because A failed: when A is tried again and succeeds, B must not have run."""
    notify = processing("B", "print()", DependsOn=[{"Step": "A", "Trigger": "Failed"}])
    create(aws, processing("A", "print()"), notify, processing("C", "print()"), processing("D", "print()"))
    arn = start_again(aws)
    end_job(aws, arn, "AlgorithmError", "A")
    for name, reason in (("B", ""), ("C", "AlgorithmError"), ("D", "")):
        end_job(aws, arn, reason, name)
    assert executions.load(aws, arn)["PipelineExecutionStatus"] == "Failed"
    assert states(aws, arn) == {"A": "Failed", "B": "Succeeded", "C": "Failed", "D": "Succeeded"}
    execution_operations.retry(aws, {"PipelineExecutionArn": arn, "ClientRequestToken": "r" * 32})
    assert states(aws, arn) == {"A": "Executing", "C": "Executing", "D": "Succeeded"}
    end_job(aws, arn, "", "A")
    end_job(aws, arn, "", "C")
    assert states(aws, arn) == dict.fromkeys("ACD", "Succeeded")
    assert executions.load(aws, arn)["PipelineExecutionStatus"] == "Succeeded"


def test_a_deleted_pipeline_leaves_no_cache_to_its_namesake(aws: Aws) -> None:
    step = processing("A", "print()", CacheConfig={"Enabled": True, "ExpireAfter": "P1M"})
    create(aws, step)
    end_job(aws, start_again(aws), "")
    assert states(aws, start_again(aws)) == {"A": "Succeeded"}, "a hit"
    pipeline_operations.delete_pipeline(aws, {"PipelineName": "p", "ClientRequestToken": "d" * 32})
    create(aws, step)
    assert states(aws, start_again(aws)) == {"A": "Executing"}
