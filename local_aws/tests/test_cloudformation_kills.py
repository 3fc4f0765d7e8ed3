"""kill -9 before and after every commit of a stack's creation, failed update and deletion: it ends as it would have.

What a kill leaves is what was committed. So most deaths are those of a machine in this process, which loses all that it
held in memory; a server is killed for real at a few commits, and at every one in the long run.
"""

import itertools
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore import xform_name
from botocore.exceptions import ClientError
from test_kills import Victim, needs_proc

from local_aws import machine
from local_aws.cloudformation import stacks
from local_aws.cloudformation.engine import Stacks
from local_aws.cloudformation.phases import PHASES
from local_aws.errors import AwsError
from local_aws.processes.images import Images
from local_aws.server import Application

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


class KilledError(BaseException):
    """Nobody catches it, as nobody catches SIGKILL."""


class Mortal:
    """A machine without threads that dies at a commit, and another one on its home."""

    def __init__(self, folder: Path, when: str, number: int) -> None:
        self.home, self.when, self.number = folder / "home", when, number
        self.killed = False
        self._seen = 0
        self._begin()
        self._commit, self.aws.store.commit = self.aws.store.commit, self._deadly  # type: ignore[method-assign]

    def _begin(self) -> None:
        self.aws = machine.build(self.home, 0, "us-east-1", Images())
        self.aws.store._writer.execute("PRAGMA synchronous=OFF")  # this process goes on
        self._handlers = Application(self.aws, machine.OPERATIONS).handlers

    def _deadly(self) -> None:
        self._seen += 1
        if (self._seen, self.when) == (self.number, "before"):
            raise KilledError
        self._commit()
        if (self._seen, self.when) == (self.number, "after"):
            raise KilledError

    def _surviving(self, what: Callable[[], Any]) -> Any:
        try:
            return what()
        except KilledError:
            assert not self.killed, "the second machine died as well"
            self.killed = True
            self._begin()
            return what()

    def call(self, service: str, operation: str, **request: Any) -> Any:
        return self._surviving(lambda: self._handlers[service, operation](self.aws, dict(request)))

    def until(self, stack_id: str, end: str) -> None:
        while (found := stacks.find(self.aws, stack_id))["StackStatus"] in PHASES:
            self._surviving(lambda: self.aws.part(Stacks)._step(stack_id))
        assert found["StackStatus"] == end

    def end(self) -> None:
        """Nothing of it lives."""


class Served(Victim):
    """The same of a server that is killed."""

    def call(self, service: str, operation: str, **request: Any) -> Any:
        return super().call(service, xform_name(operation), **request)

    def until(self, stack_id: str, end: str) -> None:
        limit = time.monotonic() + 60
        while True:
            found = self.call("cloudformation", "DescribeStacks", StackName=stack_id)["Stacks"][0]
            if found["StackStatus"] == end:
                return
            assert found["StackStatus"].endswith("IN_PROGRESS"), found
            assert time.monotonic() < limit, found
            time.sleep(0.01)


def names(victim: Mortal | Served) -> tuple[set[str], set[str], int]:
    """Roles, log groups, and how many buckets."""
    roles = {one["RoleName"] for one in victim.call("iam", "ListRoles")["Roles"]}
    groups = {one["logGroupName"] for one in victim.call("logs", "DescribeLogGroups")["logGroups"]}
    return roles, groups, len(victim.call("s3", "ListBuckets")["Buckets"])


def life(victim: Mortal | Served) -> None:
    def request(template: dict[str, Any], token: str) -> dict[str, Any]:
        body = json.dumps(template)
        return {"StackName": "s", "TemplateBody": body, "Capabilities": CAPABLE, "ClientRequestToken": token}

    made = victim.call("cloudformation", "CreateStack", **request(FIRST, "create"))["StackId"]
    victim.until(made, "CREATE_COMPLETE")
    assert names(victim) == ({"one"}, {"/kept"}, 1)
    victim.call("cloudformation", "UpdateStack", **request(SECOND, "update"))
    victim.until(made, "UPDATE_ROLLBACK_COMPLETE")
    assert names(victim) == ({"one"}, {"/kept"}, 1)
    victim.call("cloudformation", "DeleteStack", StackName=made)
    victim.until(made, "DELETE_COMPLETE")
    assert names(victim) == (set(), set(), 0)
    with pytest.raises((ClientError, AwsError), match="does not exist"):
        victim.call("cloudformation", "DescribeStacks", StackName="s")


def killed(kind: type[Mortal] | type[Served], folder: Path, when: str, number: int) -> bool:
    """One life; whether it was interrupted."""
    folder.mkdir()
    victim = kind(folder, when, number)
    try:
        life(victim)
    finally:
        victim.end()
    return victim.killed


def deaths(kind: type[Mortal] | type[Served], folder: Path, when: str) -> int:
    """One life for each commit, until one is not interrupted; how many were."""
    return next(number for number in itertools.count() if not killed(kind, folder / f"n{number}", when, number + 1))


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_death_at_every_commit(tmp_path: Path, when: str) -> None:
    assert deaths(Mortal, tmp_path, when) >= 20


@needs_proc
@pytest.mark.parametrize(("when", "number"), [("before", 3), ("after", 14), ("before", 25)])
def test_a_kill_of_a_server(tmp_path: Path, when: str, number: int) -> None:
    assert killed(Served, tmp_path / "n", when, number)


@needs_proc
@pytest.mark.long
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_kill_at_every_commit(tmp_path: Path, when: str) -> None:
    assert deaths(Served, tmp_path, when) >= 20
