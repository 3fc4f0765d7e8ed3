"""What single steps of a stack's operations do: policies, replacements, waits, failures and the way back."""

import json
from dataclasses import replace
from typing import Any

import pytest
from test_change_sets import change, make, run, template, topic, topics

from local_aws.cloudformation import phases, stack_operations, stacks
from local_aws.cloudformation.engine import Stacks
from local_aws.operations import Aws

#: A topic that cannot be made.
BAD = {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "no such name!"}}


def told(aws: Aws, logical: str) -> list[str]:
    """The statuses of a resource, oldest first."""
    events = reversed(stacks.events(aws, stacks.find(aws, "s")))
    return [event["ResourceStatus"] for event in events if event["LogicalResourceId"] == logical]


def shown(aws: Aws) -> dict[str, str]:
    """The display names of the topics."""
    found = aws.store.scan("sns:Topic")
    return {arn.rpartition(":")[2]: one["Attributes"].get("DisplayName", "") for arn, one in found}


def named(display: str, **more: Any) -> dict[str, Any]:
    return {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "a", "DisplayName": display}, **more}


@pytest.mark.parametrize(
    ("policy", "after_rollback", "after_deletion"),
    [("Delete", False, False), ("Retain", True, True), ("RetainExceptOnCreate", False, True)],
)
def test_what_a_deletion_policy_keeps(aws: Aws, policy: str, after_rollback: bool, after_deletion: bool) -> None:
    kept = {"a": topic("a", DeletionPolicy=policy)}
    assert make(aws, "s", template(Resources=kept | {"bad": BAD | {"DependsOn": "a"}})) == "ROLLBACK_COMPLETE"
    assert topics(aws) == ({"a"} if after_rollback else set())
    assert make(aws, "t", template(Resources={"b": topic("b", DeletionPolicy=policy)})) == "CREATE_COMPLETE"
    stack_operations.delete_stack(aws, {"StackName": "t"})
    run(aws, "t")
    assert ("b" in topics(aws)) == after_deletion


def test_an_update_without_rollback_stays_where_it_failed(aws: Aws) -> None:
    make(aws, "s", template("a"))
    failing = template("a", "b", Resources={"bad": BAD | {"DependsOn": "b"}})
    assert change(aws, "s", failing, DisableRollback=True) == "UPDATE_FAILED"
    assert topics(aws) == {"a", "b"}
    assert told(aws, "bad")[-1] == "CREATE_FAILED"
    assert change(aws, "s", template("a", "b", "c")) == "UPDATE_COMPLETE"
    assert topics(aws) == {"a", "b", "c"}


def test_a_new_name_is_a_new_resource_and_the_old_one_goes(aws: Aws) -> None:
    make(aws, "s", template(Resources={"a": topic("one")}))
    assert change(aws, "s", template(Resources={"a": topic("two")})) == "UPDATE_COMPLETE"
    assert topics(aws) == {"two"}
    assert change(aws, "s", json.dumps({"Resources": {"a": {"Type": "AWS::SNS::Topic"}}})) == "UPDATE_COMPLETE"
    (generated,) = topics(aws)
    assert generated.startswith("s-a-")


def test_the_way_back_makes_everything_as_it_was(aws: Aws) -> None:
    make(aws, "s", template(Resources={"a": named("before"), "old": topic("old")}))
    failing = {"a": named("after"), "new": topic("new"), "bad": BAD | {"DependsOn": ["a", "new"]}}
    assert change(aws, "s", template(Resources=failing)) == "UPDATE_ROLLBACK_COMPLETE"
    assert shown(aws) == {"a": "before", "old": ""}
    assert told(aws, "a")[-2:] == ["UPDATE_IN_PROGRESS", "UPDATE_COMPLETE"]
    assert change(aws, "s", template(Resources={"a": named("after")})) == "UPDATE_COMPLETE"
    assert shown(aws) == {"a": "after"}


def test_an_update_waits_for_what_somebody_else_has_begun(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    make(aws, "s", template(Resources={"a": named("before")}))
    ready: list[bool] = []
    kind = replace(phases.TYPES["AWS::SNS::Topic"], settled=lambda *_: bool(ready))
    monkeypatch.setitem(phases.TYPES, "AWS::SNS::Topic", kind)  # type: ignore[arg-type]
    stack_operations.update_stack(aws, {"StackName": "s", "TemplateBody": template(Resources={"a": named("after")})})
    stack_id = stacks.find(aws, "s")["StackId"]
    assert [aws.part(Stacks)._step(stack_id) for _ in range(3)] == ["waiting"] * 3
    assert shown(aws) == {"a": "before"}
    ready.append(True)
    assert run(aws, "s") == "UPDATE_COMPLETE"
    assert shown(aws) == {"a": "after"}


@pytest.mark.parametrize(("exists", "status"), [(True, "UPDATE_FAILED"), (False, "CREATE_FAILED")])
def test_properties_that_have_no_value_fail_what_they_belong_to(aws: Aws, exists: bool, status: str) -> None:
    """An export that went away between the check and the step."""
    body = template(Resources={"b": named({"Fn::ImportValue": "name"})})  # type: ignore[arg-type]
    exporting = template("x", Outputs={"o": {"Value": "1", "Export": {"Name": "name"}}})
    make(aws, "t", exporting)
    make(aws, "s", template(Resources={"b": named("before")}) if exists else template("c"))
    stack_operations.update_stack(aws, {"StackName": "s", "TemplateBody": body})
    other = stacks.find(aws, "t")
    other["Outputs"] = []
    stacks.put(aws, other)
    assert run(aws, "s") == "UPDATE_ROLLBACK_COMPLETE"
    assert status in told(aws, "b")
