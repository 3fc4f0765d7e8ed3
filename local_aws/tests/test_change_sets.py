"""Change sets and what a stack's operations refuse, on a machine whose stacks take no threads."""

import json
from dataclasses import replace
from typing import Any

import pytest

from local_aws.cloudformation import change_sets, phases, stack_operations, stacks
from local_aws.cloudformation.engine import Stacks
from local_aws.errors import AwsError
from local_aws.operations import Aws


def topic(name: str, **more: Any) -> dict[str, Any]:
    return {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": name}, **more}


def template(*names: str, **sections: Any) -> str:
    """A template of topics, named after themselves."""
    return json.dumps({"Resources": {name: topic(name) for name in names} | sections.pop("Resources", {})} | sections)


def run(aws: Aws, name: str) -> str:
    """Take a stack to its end; its status."""
    found = stacks.by_name(aws, name)
    while found and aws.part(Stacks)._step(found["StackId"]) != "idle":
        pass
    return str(stacks.find(aws, found["StackId"])["StackStatus"]) if found else "gone"


def make(aws: Aws, name: str, body: str, **more: Any) -> str:
    stack_operations.create_stack(aws, {"StackName": name, "TemplateBody": body} | more)
    return run(aws, name)


def change(aws: Aws, name: str, body: str, **more: Any) -> str:
    stack_operations.update_stack(aws, {"StackName": name, "TemplateBody": body} | more)
    return run(aws, name)


def plan(aws: Aws, stack: str, name: str, body: str, **more: Any) -> str:
    answer = change_sets.create_change_set(
        aws, {"StackName": stack, "ChangeSetName": name, "TemplateBody": body} | more
    )
    assert answer
    return str(answer["Id"])


def execute(aws: Aws, identity: str) -> None:
    change_sets.execute_change_set(aws, {"ChangeSetName": identity})


def execution_status(aws: Aws, identity: str) -> str:
    answer = change_sets.describe_change_set(aws, {"ChangeSetName": identity})
    assert answer
    return str(answer["ExecutionStatus"])


def topics(aws: Aws) -> set[str]:
    return {key.rpartition(":")[2] for key, _ in aws.store.scan("sns:Topic")}


# change sets


def test_a_plan_for_another_stack_than_there_is_now_is_refused(aws: Aws) -> None:
    """The stack was updated otherwise since: what the plan says it would do is no longer what it would do."""
    assert make(aws, "s", template("a")) == "CREATE_COMPLETE"
    stale = plan(aws, "s", "plan", template("a", "b"))
    assert execution_status(aws, stale) == "AVAILABLE"
    assert change(aws, "s", template("a", "c")) == "UPDATE_COMPLETE"
    assert execution_status(aws, stale) == "OBSOLETE"
    listed = change_sets.list_change_sets(aws, {"StackName": "s"})
    assert listed
    assert [one["ExecutionStatus"] for one in listed["Summaries"]] == ["OBSOLETE"]
    with pytest.raises(AwsError, match=r"cannot be executed in its current execution status of \[OBSOLETE\]"):
        execute(aws, stale)
    assert topics(aws) == {"a", "c"}


def test_also_after_an_update_that_was_rolled_back(aws: Aws) -> None:
    make(aws, "s", template("a"))
    stale = plan(aws, "s", "plan", template("a", "b"))
    assert change(aws, "s", template("a", Resources={"bad": topic("no such name!")})) == "UPDATE_ROLLBACK_COMPLETE"
    assert execution_status(aws, stale) == "OBSOLETE"


def test_the_others_go_when_one_is_executed(aws: Aws) -> None:
    make(aws, "s", template("a"))
    make(aws, "t", template("x"))
    other, mine = (plan(aws, "s", name, template("a", name)) for name in ("b", "c"))
    elsewhere = plan(aws, "t", "b", template("x", "y"))
    execute(aws, mine)
    assert run(aws, "s") == "UPDATE_COMPLETE"
    assert execution_status(aws, mine) == "EXECUTE_COMPLETE"
    with pytest.raises(AwsError, match="does not exist"):
        execute(aws, other)
    assert execution_status(aws, elsewhere) == "AVAILABLE"
    assert topics(aws) == {"a", "c", "x"}


def test_none_outlives_its_stack(aws: Aws) -> None:
    """A later stack of the name has its own: the name must not lead to the old one's."""
    make(aws, "s", template("a"))
    old = plan(aws, "s", "plan", template("a", "b"))
    stack_operations.delete_stack(aws, {"StackName": "s"})
    run(aws, "s")
    assert topics(aws) == set()
    with pytest.raises(AwsError, match="does not exist"):
        execute(aws, old)
    make(aws, "s", template("a"))
    new = plan(aws, "s", "plan", template("a", "c"))
    change_sets.execute_change_set(aws, {"ChangeSetName": "plan", "StackName": "s"})
    assert run(aws, "s") == "UPDATE_COMPLETE"
    assert execution_status(aws, new) == "EXECUTE_COMPLETE"
    assert topics(aws) == {"a", "c"}


def test_a_plan_to_create_cannot_be_executed_twice_nor_without_its_stack(aws: Aws) -> None:
    first = plan(aws, "s", "plan", template("a"), ChangeSetType="CREATE")
    execute(aws, first)
    with pytest.raises(AwsError, match="EXECUTE_COMPLETE"):
        execute(aws, first)
    assert run(aws, "s") == "CREATE_COMPLETE"
    second = plan(aws, "t", "plan", template("b"), ChangeSetType="CREATE")
    stack_operations.delete_stack(aws, {"StackName": "t"})
    with pytest.raises(AwsError, match=r"OBSOLETE|does not exist"):
        execute(aws, second)


def test_what_there_is_already_cannot_be_created(aws: Aws) -> None:
    make(aws, "s", template("a"))
    with pytest.raises(AwsError, match="already exists and cannot be created again"):
        plan(aws, "s", "plan", template("b"), ChangeSetType="CREATE")
    with pytest.raises(AwsError, match="does not exist"):
        plan(aws, "none", "plan", template("b"))
    plan(aws, "t", "one", template("b"), ChangeSetType="CREATE")
    plan(aws, "t", "two", template("c"), ChangeSetType="CREATE")  # of a stack that was only reviewed
    with pytest.raises(AwsError, match="exists already"):
        plan(aws, "t", "two", template("c"), ChangeSetType="CREATE")


def test_the_role_is_the_plans_own_or_the_stacks(aws: Aws) -> None:
    roles = [f"arn:aws:iam::123456789012:role/{name}" for name in ("first", "second")]
    make(aws, "s", template("a"), RoleARN=roles[0])
    execute(aws, plan(aws, "s", "one", template("a", "b")))
    run(aws, "s")
    assert stacks.find(aws, "s")["RoleARN"] == roles[0]
    execute(aws, plan(aws, "s", "two", template("a"), RoleARN=roles[1]))
    run(aws, "s")
    assert stacks.find(aws, "s")["RoleARN"] == roles[1]


def test_a_name_is_one_of_its_stack(aws: Aws) -> None:
    for stack in ("s", "t"):
        make(aws, stack, template(stack))
        plan(aws, stack, "plan", template(stack, f"{stack}2"), Capabilities=["CAPABILITY_IAM"])
    found = change_sets.describe_change_set(aws, {"ChangeSetName": "plan", "StackName": "t"})
    assert found
    assert (found["StackName"], found["Capabilities"]) == ("t", ["CAPABILITY_IAM"])
    change_sets.delete_change_set(aws, {"ChangeSetName": "plan", "StackName": "t"})
    with pytest.raises(AwsError, match="does not exist"):
        change_sets.describe_change_set(aws, {"ChangeSetName": "plan", "StackName": "t"})
    change_sets.execute_change_set(aws, {"ChangeSetName": "plan", "StackName": "s"})
    assert run(aws, "s") == "UPDATE_COMPLETE"
    assert topics(aws) == {"s", "s2", "t"}


def test_other_types_of_change_sets_are_refused(aws: Aws) -> None:
    with pytest.raises(AwsError, match="CREATE and UPDATE, not IMPORT"):
        plan(aws, "s", "plan", template("a"), ChangeSetType="IMPORT")


# exports


def export(name: str, value: str) -> dict[str, Any]:
    return {"Value": value, "Export": {"Name": name}}


def test_what_another_stack_imports_can_neither_be_changed_nor_deleted(aws: Aws) -> None:
    make(aws, "s", template("a", Outputs={"o": export("name", "one")}))
    make(aws, "t", template(Resources={"b": topic("b", Properties={"DisplayName": {"Fn::ImportValue": "name"}})}))
    changed = template("a", Outputs={"o": export("name", "two")})
    assert change(aws, "s", changed) == "UPDATE_ROLLBACK_COMPLETE"
    reasons = [event["ResourceStatusReason"] for event in stacks.events(aws, stacks.find(aws, "s"))]
    assert any("Export name cannot be updated as it is in use by t" in (reason or "") for reason in reasons)
    assert stacks.find(aws, "s")["Outputs"][0]["OutputValue"] == "one"
    assert change(aws, "s", template("a")) == "UPDATE_ROLLBACK_COMPLETE"
    with pytest.raises(AwsError, match="Export name cannot be deleted as it is in use by t"):
        stack_operations.delete_stack(aws, {"StackName": "s"})
    stack_operations.delete_stack(aws, {"StackName": "t"})
    run(aws, "t")
    assert change(aws, "s", changed) == "UPDATE_COMPLETE"


@pytest.mark.parametrize("where", ["one template", "two stacks"])
def test_a_name_is_exported_once(aws: Aws, where: str) -> None:
    outputs = {"o": export("name", "1"), "p": export("name", "2")}
    if where == "two stacks":
        assert make(aws, "t", template("b", Outputs={"o": outputs.pop("o")})) == "CREATE_COMPLETE"
    assert make(aws, "s", template("a", Outputs=outputs)) == "ROLLBACK_COMPLETE"
    assert topics(aws) == ({"b"} if where == "two stacks" else set())


# what is refused


@pytest.mark.parametrize(
    ("conditions", "circle"),
    [
        ({"A": {"Condition": "A"}}, "A"),
        ({"A": {"Fn::Not": [{"Condition": "B"}]}, "B": {"Fn::And": [{"Condition": "A"}, {"Condition": "A"}]}}, "A, B"),
        ({"A": {"Fn::Equals": [{"Fn::If": ["A", "x", "y"]}, "x"]}}, "A"),
    ],
    ids=["itself", "each other", "an if"],
)
def test_conditions_in_a_circle(aws: Aws, conditions: dict[str, Any], circle: str) -> None:
    with pytest.raises(AwsError, match="Circular dependency between conditions") as caught:
        make(aws, "s", template("a", Conditions=conditions))
    assert caught.value.status == 400
    assert set(circle.split(", ")) == set(caught.value.message.partition("[")[2].rstrip("]").split(", "))


@pytest.mark.parametrize("value", ["nan", "NaN", "inf", "-Infinity", "1_000", "", " ", "0x10", "1e", "one", "١"])
def test_what_is_no_number(aws: Aws, value: str) -> None:
    body = template("a", Parameters={"N": {"Type": "Number", "MinValue": 1}})
    with pytest.raises(AwsError, match="must be a number"):
        make(aws, "s", body, Parameters=[{"ParameterKey": "N", "ParameterValue": value}])


@pytest.mark.parametrize("value", ["1", "1.5", "+2", "1e3", ".5e1", "7."])
def test_what_is_a_number(aws: Aws, value: str) -> None:
    body = template("a", Parameters={"N": {"Type": "Number", "MinValue": 1}})
    assert make(aws, "s", body, Parameters=[{"ParameterKey": "N", "ParameterValue": value}]) == "CREATE_COMPLETE"


def test_a_template_that_is_nested_too_deeply(aws: Aws) -> None:
    with pytest.raises(AwsError, match="not well-formed"):
        make(aws, "s", '{"Resources": ' + "[" * 20_000 + "]" * 20_000 + "}")


@pytest.mark.parametrize(
    ("tags", "said"),
    [
        ([("aws:mine", "x")], "aws: prefixed tag key names"),
        ([("AWS:mine", "x")], "aws: prefixed tag key names"),
        ([("a", "x"), ("b", "x"), ("a", "y")], "the key 'a' is given more than once"),
    ],
    ids=["aws", "AWS", "twice"],
)
def test_tags_of_a_resource_that_aws_refuses(aws: Aws, tags: list[tuple[str, str]], said: str) -> None:
    properties = {"TopicName": "a", "Tags": [{"Key": key, "Value": value} for key, value in tags]}
    body = json.dumps({"Resources": {"a": {"Type": "AWS::SNS::Topic", "Properties": properties}}})
    assert make(aws, "s", body) == "ROLLBACK_COMPLETE"
    reasons = [event["ResourceStatusReason"] for event in stacks.events(aws, stacks.find(aws, "s"))]
    assert any(said in (reason or "") for reason in reasons)


# skipping


def stuck(aws: Aws, **statuses: str) -> dict[str, Any]:
    """A stack in UPDATE_ROLLBACK_FAILED whose topics have these statuses, each of them changed by the update."""
    make(aws, "s", template(*statuses))
    stack = stacks.find(aws, "s")
    for name, status in statuses.items():
        stack["Undo"][name] = dict(stack["Resources"][name])
        stack["Resources"][name]["ResourceStatus"] = status
    stack |= {"StackStatus": "UPDATE_ROLLBACK_FAILED", "Previous": {"Template": stack["Template"]}}
    stacks.put(aws, stack)
    return stack


def test_only_what_failed_can_be_skipped(aws: Aws) -> None:
    stack = stuck(aws, good="UPDATE_COMPLETE", bad="UPDATE_FAILED")
    for name in ("good", "none"):
        with pytest.raises(AwsError, match=f"The resource {name} is not in UPDATE_FAILED: it cannot be skipped"):
            phases.skip(aws, stack, [name])
    del stack["Undo"]["bad"]
    with pytest.raises(AwsError, match="cannot be skipped"):
        phases.skip(aws, stack, ["bad"])


def test_what_is_skipped_counts_as_rolled_back(aws: Aws) -> None:
    stuck(aws, good="UPDATE_COMPLETE", bad="UPDATE_FAILED")
    stack_operations.continue_update_rollback(aws, {"StackName": "s", "ResourcesToSkip": ["bad"]})
    assert list(stacks.find(aws, "s")["Undo"]) == ["good"]
    assert stacks.find(aws, "s")["Resources"]["bad"]["ResourceStatus"] == "UPDATE_COMPLETE"
    assert run(aws, "s") == "UPDATE_ROLLBACK_COMPLETE"


def test_a_stack_that_waits_writes_nothing(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a fast clock it looks hundreds of times a second."""
    ready: list[bool] = []
    kind = replace(phases.TYPES["AWS::SNS::Topic"], settled=lambda *_: bool(ready))
    monkeypatch.setitem(phases.TYPES, "AWS::SNS::Topic", kind)  # type: ignore[arg-type]
    answer = stack_operations.create_stack(aws, {"StackName": "s", "TemplateBody": template("a")})
    assert answer
    engine, stack_id = aws.part(Stacks), answer["StackId"]
    while engine._step(stack_id) != "waiting":
        pass
    written = aws.store._writer.total_changes
    assert [engine._step(stack_id) for _ in range(3)] == ["waiting"] * 3
    assert aws.store._writer.total_changes == written
    ready.append(True)
    assert run(aws, "s") == "CREATE_COMPLETE"
