"""kill -9 before and after every commit of a stack's creation, failed update and deletion: it ends as it would have."""

import itertools
import json
import time
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from test_kills import Victim, needs_proc

TRUST = {"Version": "2012-10-17", "Statement": []}
CAPABLE = ["CAPABILITY_NAMED_IAM"]


def role(name: str, **more: Any) -> dict[str, Any]:
    return {"Type": "AWS::IAM::Role", "Properties": {"RoleName": name, "AssumeRolePolicyDocument": TRUST, **more}}


FIRST = {
    "Resources": {
        "Role": role("one"),
        "Logs": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "/kept", "RetentionInDays": 7}},
        "Bucket": {"Type": "AWS::S3::Bucket", "DependsOn": "Logs"},
    }
}
SECOND = {
    "Resources": FIRST["Resources"]
    | {
        "Role": role("two"),
        "More": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "/more"}},
        "Bad": role("bad", ManagedPolicyArns=["arn:none"]) | {"DependsOn": ["More", "Role"]},
    }
}


def until(victim: Victim, stack: str, end: str) -> None:
    limit = time.monotonic() + 20
    while True:
        found = victim.call("cloudformation", "describe_stacks", StackName=stack)["Stacks"][0]
        if found["StackStatus"] == end:
            return
        assert found["StackStatus"].endswith("IN_PROGRESS"), found
        assert time.monotonic() < limit, found
        time.sleep(0.01)


def names(victim: Victim) -> tuple[set[str], set[str], int]:
    """Roles, log groups, and how many buckets."""
    roles = {one["RoleName"] for one in victim.call("iam", "list_roles")["Roles"]}
    groups = {one["logGroupName"] for one in victim.call("logs", "describe_log_groups")["logGroups"]}
    return roles, groups, len(victim.call("s3", "list_buckets")["Buckets"])


def life(victim: Victim) -> None:
    made = victim.call(
        "cloudformation",
        "create_stack",
        StackName="s",
        TemplateBody=json.dumps(FIRST),
        Capabilities=CAPABLE,
        ClientRequestToken="create",
    )["StackId"]
    until(victim, made, "CREATE_COMPLETE")
    assert names(victim) == ({"one"}, {"/kept"}, 1)
    victim.call(
        "cloudformation",
        "update_stack",
        StackName="s",
        TemplateBody=json.dumps(SECOND),
        Capabilities=CAPABLE,
        ClientRequestToken="update",
    )
    until(victim, made, "UPDATE_ROLLBACK_COMPLETE")
    assert names(victim) == ({"one"}, {"/kept"}, 1)
    victim.call("cloudformation", "delete_stack", StackName=made)
    until(victim, made, "DELETE_COMPLETE")
    assert names(victim) == (set(), set(), 0)
    with pytest.raises(ClientError, match="does not exist"):
        victim.call("cloudformation", "describe_stacks", StackName="s")


@needs_proc
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("step", [pytest.param(1, marks=pytest.mark.long), 7], ids=["each", "some"])
def test_a_kill_at_commits(tmp_path: Path, when: str, step: int) -> None:
    """At each commit until a life gets by without a kill, or at every seventh."""
    kills = 0
    for number in itertools.count(3 if step > 1 else 1, step):
        folder = tmp_path / f"n{number}"
        folder.mkdir()
        victim = Victim(folder, when, number)
        try:
            life(victim)
        finally:
            victim.end()
        if not victim.killed:
            break
        kills += 1
    assert kills >= 20 // step
