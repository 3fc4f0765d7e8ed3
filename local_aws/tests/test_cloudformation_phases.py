"""Single steps of a stack's life, on resources of a type that only remembers."""

from typing import Any

import pytest

from local_aws.cloudformation import failures, phases, stacks
from local_aws.cloudformation.acting import StepError
from local_aws.cloudformation.resources.kind import Made, ResourceType
from local_aws.operations import Aws

Document = dict[str, Any]

TYPE = "Test::Any::Counted"


def counted(_: Aws, made: Made, __: Document, ___: Document) -> Made:
    """Each update raises the version, as it does for a launch template."""
    return Made(made.id, {"Version": made.attributes["Version"] + 1})


@pytest.fixture(autouse=True)
def _counted(monkeypatch: pytest.MonkeyPatch) -> None:
    kind = ResourceType(TYPE, frozenset({"Size"}), lambda *_: Made("new"), lambda *_: None, counted)
    monkeypatch.setitem(phases.TYPES, TYPE, kind)  # type: ignore[arg-type]


def record(identity: str, size: int, version: int, status: str) -> Document:
    return {
        "LogicalResourceId": "One",
        "ResourceType": TYPE,
        "PhysicalResourceId": identity,
        "Properties": {"Size": size},
        "Attributes": {"Version": version},
        "Policies": {"DeletionPolicy": "Delete", "UpdateReplacePolicy": "Delete"},
        "ResourceStatus": status,
        "Made": True,
    }


def stack(aws: Aws, status: str, held: Document, **more: Any) -> Document:
    told = {"StackId": aws.arn("cloudformation", "stack/s/1"), "StackName": "s", "StackStatus": status}
    return told | {"Resources": {"One": held}, "Undo": {}, "Cleanup": [], "Done": []} | more


def test_what_a_rollback_changes_back_has_the_attributes_of_that_change(aws: Aws) -> None:
    before, now = record("one", 1, 1, "CREATE_COMPLETE"), record("one", 2, 2, "UPDATE_COMPLETE")
    going = stack(aws, "UPDATE_ROLLBACK_IN_PROGRESS", now, Undo={"One": before})
    assert phases.backward(aws, going)
    assert (now["Attributes"], now["Pending"], going["Undo"].keys()) == ({"Version": 3}, True, {"One"})
    assert phases.backward(aws, going)
    held = going["Resources"]["One"]
    assert (held["Properties"], held["Attributes"], held["ResourceStatus"]) == (
        {"Size": 1},
        {"Version": 3},
        "UPDATE_COMPLETE",
    )
    assert not going["Undo"]


def test_a_predecessor_that_cannot_be_deleted_does_not_fail_what_replaced_it(aws: Aws) -> None:
    old, new = record("old", 1, 1, "UPDATE_COMPLETE"), record("new", 2, 1, "UPDATE_COMPLETE")
    going = stack(aws, "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", new, Cleanup=[old])
    failures.fail(aws, going, StepError("DELETE", old, "it is full"))
    assert going["Resources"]["One"]["ResourceStatus"] == "UPDATE_COMPLETE"
    told = [(event["PhysicalResourceId"], event["ResourceStatus"]) for event in stacks.events(aws, going)]
    assert told == [("old", "DELETE_FAILED")]
    assert going["Cleanup"] == []


def test_what_cannot_be_deleted_has_failed(aws: Aws) -> None:
    held = record("one", 1, 1, "CREATE_COMPLETE")
    going = stack(aws, "DELETE_IN_PROGRESS", held)
    failures.fail(aws, going, StepError("DELETE", dict(held), "it is full"))
    assert going["Resources"]["One"]["ResourceStatus"] == "DELETE_FAILED"
    assert going["StackStatus"] == "DELETE_FAILED"
