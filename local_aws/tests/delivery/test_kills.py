"""kill -9 on an execution's way: it ends as it would have, and nothing has happened twice.

An execution of a source, a build, a stack and an approval. Some of its commits are tried always, all of them by the
long test. Beside it, what needs a server of its own: a clock that runs ahead.
"""

import json
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from delivery_kit import ROLE, Delivery, action, approval, source, stage
from pipelines_kit import Home, home
from test_kills import Victim, needs_proc, none_left

NAME = "kept"

TEMPLATE = {"Resources": {"Logs": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "/made"}}}}

BUILDSPEC = "version: 0.2\nphases:\n  build:\n    commands: [echo built]\nartifacts:\n  files: [template.json]\n"


class Clients(Delivery):
    """Every call goes through the victim, who is started again when it dies."""

    def __init__(self, victim: Victim) -> None:
        class Service:
            def __init__(self, service: str) -> None:
                self.service = service

            def __getattr__(self, operation: str) -> Any:
                return lambda **request: victim.call(self.service, operation, **request)

        super().__init__(Service, "artifacts")


def prepare(server: Home) -> None:
    """Everything but the pipeline."""
    server.up()
    server.client("s3").create_bucket(Bucket="artifacts")
    server.client("sqs").create_queue(QueueName="told")
    topic = server.client("sns").create_topic(Name="ask")["TopicArn"]
    server.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint="arn:aws:sqs:us-east-1:123456789012:told")
    Delivery(server.client, "artifacts").repository(
        NAME, {"template.json": json.dumps(TEMPLATE).encode(), "buildspec.yml": BUILDSPEC.encode()}
    )
    server.client("codebuild").create_project(
        name=NAME,
        source={"type": "CODEPIPELINE"},
        artifacts={"type": "CODEPIPELINE"},
        environment={
            "type": "LINUX_CONTAINER",
            "image": "aws/codebuild/standard:7.0",
            "computeType": "BUILD_GENERAL1_SMALL",
        },
        serviceRole=ROLE,
    )
    server.down()


def stages() -> list[dict[str, Any]]:
    deploy = {
        "ActionMode": "CREATE_UPDATE",
        "StackName": NAME,
        "RoleArn": ROLE,
        "TemplatePath": "Built::template.json",
    }
    asking = {"NotificationArn": "arn:aws:sns:us-east-1:123456789012:ask", "CustomData": "?"}
    return [
        stage("Source", source(NAME)),
        stage("Build", action("Build", "Build CodeBuild", {"ProjectName": NAME}, inputs=["Source"], outputs=["Built"])),
        stage("Deploy", action("Deploy", "Deploy CloudFormation", deploy, inputs=["Built"])),
        stage("Approve", approval(given=asking)),
    ]


def life(victim: Victim) -> None:
    delivery = Clients(victim)
    with suppress_code("PipelineNameInUseException"):  # the answer was lost, and the call came again
        delivery.create(NAME, *stages())
    (first,) = _executions(delivery)
    with suppress_code("ApprovalAlreadyCompletedException"):
        delivery.answer(NAME, first)
    assert delivery.end(NAME, first) == "Succeeded"
    records = delivery.actions(NAME, first)
    assert [(one["actionName"], one["status"]) for one in records] == [
        (one, "Succeeded") for one in ("Source", "Build", "Deploy", "Approve")
    ]
    assert _executions(delivery) == [first]
    assert len(victim.call("cloudformation", "list_stacks")["StackSummaries"]) == 1
    assert len(victim.call("codebuild", "list_builds")["ids"]) == 1
    url = victim.call("sqs", "get_queue_url", QueueName="told")["QueueUrl"]
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    told = victim.call("sqs", "get_queue_attributes", QueueUrl=url, AttributeNames=names)["Attributes"]
    assert [told[one] for one in names] == ["1", "0"]


@contextmanager
def suppress_code(code: str) -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        if error.response["Error"]["Code"] != code:
            raise


def _executions(delivery: Delivery) -> list[str]:
    found = delivery.pipelines.list_pipeline_executions(pipelineName=NAME)["pipelineExecutionSummaries"]
    return [one["pipelineExecutionId"] for one in found]


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("prepared")
    prepare(home(folder))
    return folder


def once(prepared: Path, folder: Path, when: str, number: int) -> bool:
    """One life; whether the server was killed in it."""
    shutil.copytree(prepared, folder)
    (folder / "home" / "server.json").unlink()  # a port of its own
    victim = Victim(folder, when, number)
    try:
        life(victim)
    finally:
        victim.end()
    none_left(folder)
    return victim.killed


def kills(prepared: Path, folder: Path, when: str, numbers: range) -> int:
    """Lives with a death at each of `numbers`, two at a time, until one gets by without; how many died."""

    def killed(number: int) -> bool:
        return once(prepared, folder / f"{when}{number}", when, number)

    count = 0
    with ThreadPoolExecutor(2) as pool:
        for first in numbers[::2]:
            found = list(pool.map(killed, (first, first + numbers.step)))
            count += sum(found)
            if not all(found):
                break
    return count


@needs_proc
def test_kills_on_an_executions_way(prepared: Path, tmp_path: Path) -> None:
    assert kills(prepared, tmp_path, "after", range(3, 100, 8)) >= 2


@needs_proc
@pytest.mark.long
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_kill_at_every_commit(prepared: Path, tmp_path: Path, when: str) -> None:
    assert kills(prepared, tmp_path, when, range(1, 100)) >= 12


def test_an_approval_times_out_on_the_clock_also_after_a_restart(prepared: Path, tmp_path: Path) -> None:
    shutil.copytree(prepared / "home", tmp_path / "home")
    (tmp_path / "home" / "server.json").unlink()
    server = home(tmp_path).up()
    try:
        delivery = Delivery(server.client, "artifacts")
        declared = [stage("Source", source(NAME)), stage("Approve", approval(timeoutInMinutes=60))]
        first = delivery.create(NAME, *declared)
        delivery.token(NAME, first)
        server.clock(3590)
        assert delivery.status(NAME, first) == "InProgress"
        server.clock(20)
        assert delivery.end(NAME, first) == "Failed"
        details = delivery.action(NAME, first, "Approve")["output"]["executionResult"]["errorDetails"]
        assert "timed out" in details["message"]
        second = delivery.start(NAME)
        token = delivery.token(NAME, second)
        server.down()
        server.up()
        assert delivery.token(NAME, second) == token
        server.clock(3700)
        assert delivery.end(NAME, second) == "Failed"
    finally:
        server.down()
