"""Stacks made, left alone, changed, failing and removed, over plain boto3."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import boto3
import pytest

from mlops import stacks
from mlops.failures import RunError

Fresh = Callable[[str], str]


def source(**buckets: str) -> dict[str, str]:
    resources = {
        logical: {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": name}} for logical, name in buckets.items()
    }
    resources["Topic"] = {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": {"Ref": "Said"}}}
    document = {
        "Parameters": {"Said": {"Type": "String", "Default": "x"}},
        "Resources": resources,
        "Outputs": {"Topic": {"Value": {"Ref": "Topic"}}},
    }
    return {"TemplateBody": json.dumps(document)}


def apply(name: str, given: dict[str, str], said: list[str] | None = None, **buckets: str) -> bool:
    return stacks.apply(name, source(**buckets), given, {"a": "1"}, (said if said is not None else []).append)


def test_made_once_changed_once_removed_once(machine: Path, fresh: Fresh) -> None:
    name, said = fresh("stack"), list[str]()
    assert stacks.find(name) is None
    assert apply(name, {"Said": "one"}, said)
    assert not apply(name, {"Said": "one"}), "nothing differs"
    assert apply(name, {"Said": "two"}, said)
    stack: Any = stacks.find(name)
    assert stacks.parameters(stack) == {"Said": "two"}
    assert stacks.outputs(stack)["Topic"].startswith("arn:aws:sns:")
    assert stack["Tags"] == [{"Key": "a", "Value": "1"}]
    assert stacks.remove(name, said.append)
    assert not stacks.remove(name, said.append)
    assert stacks.find(name) is None
    assert said == [f"{name}: making the stack", f"{name}: changing the stack", f"{name}: removing the stack"]


def test_a_failure_is_one_sentence_and_the_next_try_begins_anew(machine: Path, fresh: Fresh) -> None:
    name, bucket = fresh("fails"), fresh("taken")
    boto3.client("s3").create_bucket(Bucket=bucket)
    with pytest.raises(RunError, match=f"{name} failed: Other: .*exist"):
        apply(name, {}, Other=bucket)
    assert stacks.find(name)["StackStatus"] == "ROLLBACK_COMPLETE"  # type: ignore[index]
    boto3.client("s3").delete_bucket(Bucket=bucket)
    said: list[str] = []
    assert apply(name, {}, said, Other=bucket)
    assert said[0] == f"{name} is ROLLBACK_COMPLETE and is made anew"


def test_a_failed_update_names_this_updates_reason(machine: Path, fresh: Fresh) -> None:
    name, first, second = fresh("update"), fresh("first"), fresh("second")
    apply(name, {})
    for bucket in (first, second):
        boto3.client("s3").create_bucket(Bucket=bucket)
        with pytest.raises(RunError, match=bucket):
            apply(name, {"Said": bucket}, Other=bucket)
    assert stacks.find(name)["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"  # type: ignore[index]
    assert apply(name, {"Said": "on"}), "a stack that rolled back is updated again"


def test_what_cannot_be_removed_is_said(machine: Path, fresh: Fresh) -> None:
    name, bucket = fresh("full"), fresh("bucket")
    apply(name, {}, Other=bucket)
    boto3.client("s3").put_object(Bucket=bucket, Key="a", Body=b"1")
    with pytest.raises(RunError, match=r"DELETE_FAILED: Other: .*not empty"):
        stacks.remove(name, lambda _: None)


def test_a_stuck_stack_names_what_kept_it_from_going_back(monkeypatch: pytest.MonkeyPatch) -> None:
    def event(logical: str, status: str, reason: str) -> dict[str, str]:
        physical = "stack-id" if logical == "credit-prod" else f"{logical}-id"
        named = {"LogicalResourceId": logical, "PhysicalResourceId": physical, "StackId": "stack-id"}
        return {**named, "ResourceStatus": status, "ResourceStatusReason": reason}

    events = [
        event("credit-prod", "UPDATE_ROLLBACK_FAILED", "The following resource(s) failed to update: [Endpoint]."),
        event("Endpoint", "UPDATE_FAILED", "the model is gone"),
        event("credit-prod", "UPDATE_ROLLBACK_IN_PROGRESS", ""),
        event("Alarm", "UPDATE_FAILED", "the metric is refused"),
    ]
    monkeypatch.setattr(stacks, "_events", lambda _: iter(events))
    said = stacks.way_out("credit-prod")
    assert "UPDATE_ROLLBACK_FAILED (Endpoint: the model is gone)" in said
    assert "`aws cloudformation continue-update-rollback --stack-name credit-prod`" in said


def test_two_make_it_at_once(machine: Path, fresh: Fresh) -> None:
    name = fresh("stack")
    with ThreadPoolExecutor(2) as pool:
        ends = list(pool.map(lambda _: apply(name, {"Said": "one"}), range(2)))
    assert sorted(ends) == [False, True]
