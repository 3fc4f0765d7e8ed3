"""The disk is full for a while, at any commit: what lives beside the requests goes on once there is room again."""

import itertools
import json
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from builds_kit import LINUX
from builds_kit import ROLE as BUILDER
from endpoints_kit import eventually
from functions_kit import ROLE, zipped
from test_cloudformation_kills import CAPABLE, FIRST, SECOND

from local_aws import looking
from local_aws.cloudformation import stack_operations, stacks
from local_aws.cloudformation.engine import Stacks
from local_aws.cloudwatch import metrics
from local_aws.delivery.builds import builders, operations
from local_aws.delivery.builds.builders import Builders
from local_aws.delivery.builds.builds import BUILDS
from local_aws.endpoints import endpoints
from local_aws.endpoints.endpoints import Endpoints
from local_aws.events import outbox
from local_aws.events.deliveries import Deliverer
from local_aws.functions import asynchronous
from local_aws.functions import functions as made
from local_aws.functions.part import Functions
from local_aws.operations import Aws
from local_aws.processes.hosts import Hosts
from local_aws.services import queues, sqs


class Disk:
    """Commits of threads whose name begins with `thread` fail from the `first` on, `times` times."""

    def __init__(self, aws: Aws, thread: str, first: int = 1, times: int = 2) -> None:
        self.failed = self._seen = 0
        self._commit = aws.store.commit
        self._thread, self._first, self._times = thread, first, times
        aws.store.commit = self._once  # type: ignore[method-assign]

    def _once(self) -> None:
        if threading.current_thread().name.startswith(self._thread):
            self._seen += 1
            if self._first <= self._seen < self._first + self._times:
                self.failed += 1
                error = sqlite3.OperationalError("database or disk is full")
                error.sqlite_errorname = "SQLITE_FULL"
                raise error
        self._commit()


@pytest.fixture(autouse=True)
def _no_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (looking, builders):
        monkeypatch.setattr(module, "AGAIN", 0.001)


@pytest.fixture
def living(aws: Aws) -> Iterator[Callable[..., None]]:
    """living(Part, …): start parts of the machine."""
    started: list[Any] = []

    def start(*kinds: type) -> None:
        for kind in kinds:
            aws.part(kind).start()
            started.append(aws.part(kind))

    yield start
    for part in reversed(started):
        part.stop()


def rest(aws: Aws, stack_id: str) -> str:
    """The stack's status once it changes no more."""
    end = time.monotonic() + 60
    while (stack := stacks.find(aws, stack_id))["StackStatus"].endswith("IN_PROGRESS"):
        assert time.monotonic() < end, stack["StackStatus"]
        time.sleep(0.001)
    return str(stack["StackStatus"])


def test_a_stack_comes_to_the_same_end(aws: Aws, living: Callable[..., None]) -> None:
    """Made, an update of it rolled back, and deleted; without room at each of its commits in turn."""
    living(Stacks)
    for number in itertools.count(1):
        disk = Disk(aws, "stacks", number)
        request = {"StackName": f"s{number}", "Capabilities": CAPABLE}
        begun = stack_operations.create_stack(aws, request | {"TemplateBody": json.dumps(FIRST)})
        assert begun
        assert rest(aws, begun["StackId"]) == "CREATE_COMPLETE"
        stack_operations.update_stack(aws, request | {"TemplateBody": json.dumps(SECOND)})
        assert rest(aws, begun["StackId"]) == "UPDATE_ROLLBACK_COMPLETE"
        stack_operations.delete_stack(aws, {"StackName": f"s{number}"})
        assert rest(aws, begun["StackId"]) == "DELETE_COMPLETE"
        aws.store.commit = disk._commit  # type: ignore[method-assign]
        if not disk.failed:
            break
    assert number > 20


def test_a_stack_that_never_gets_on_holds_up_no_other(aws: Aws, living: Callable[..., None]) -> None:
    """Even when what stands in the store makes no sense."""
    lost = aws.arn("cloudformation", "stack/lost/1")
    aws.store.put(stacks.KIND, lost, {"StackId": lost, "StackStatus": "CREATE_IN_PROGRESS", "StackName": "lost"})
    living(Stacks)
    begun = stack_operations.create_stack(
        aws, {"StackName": "s", "Capabilities": CAPABLE, "TemplateBody": json.dumps(FIRST)}
    )
    assert begun
    assert rest(aws, begun["StackId"]) == "CREATE_COMPLETE"


def test_an_event_for_a_function_rests_before_it_is_tried_again(
    aws: Aws, living: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    rests: list[str] = []
    queue = aws.part(Functions)._queue
    monkeypatch.setattr(queue._looking, "rest", lambda: rests.append(threading.current_thread().name))
    living(Hosts, Functions)
    settings = {"Runtime": "python3.13", "Handler": "index.handle", "Role": ROLE, "Timeout": 60}
    source = zipped("def handle(event, context): return 1")
    function = made.create(aws, {"FunctionName": "f", "Code": {"ZipFile": source}} | settings)
    monkeypatch.setattr(aws.part(Functions).fleet, "free", lambda _: True)
    monkeypatch.setattr(asynchronous, "invoke", lambda *_, **__: asynchronous.Outcome(payload=b"1", failed=False))
    disk = Disk(aws, "function-event_", times=3)
    asynchronous.enqueue(aws, function, "{}")
    eventually(lambda: not aws.store.scan(asynchronous.EVENTS))
    assert disk.failed == len(rests) == 3


def test_a_delivery_arrives_once(aws: Aws, living: Callable[..., None]) -> None:
    sqs.create_queue(aws, {"QueueName": "queue"})
    disk = Disk(aws, "deliveries", times=5)
    living(Deliverer)
    with aws.store.transaction():
        outbox.enqueue(aws, {"Arn": "arn:aws:sqs:us-east-1:123456789012:queue"}, "{}", {})
    eventually(lambda: bool(queues.counts(aws, "queue")[0]))
    assert disk.failed == 5
    assert queues.counts(aws, "queue")[0] == 1
    assert aws.store.sql("SELECT * FROM deliveries").fetchall() == []


def test_a_build_begins_once_there_is_room(aws: Aws, living: Callable[..., None]) -> None:
    disk = Disk(aws, "build-", times=3)
    living(Hosts, Builders)
    source = {"type": "NO_SOURCE", "buildspec": "version: 0.2\nphases: {build: {commands: ['true']}}"}
    project = {"name": "project", "serviceRole": BUILDER, "environment": LINUX, "artifacts": {"type": "NO_ARTIFACTS"}}
    operations.create_project(aws, project | {"source": source})
    operations.start_build(aws, {"projectName": "project"})
    eventually(lambda: all(build["buildComplete"] for _, build in aws.store.scan(BUILDS)))
    assert disk.failed == 3
    assert [build["buildStatus"] for _, build in aws.store.scan(BUILDS)] == ["SUCCEEDED"]


def test_metrics_of_endpoints_go_on(aws: Aws, living: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    """What was measured while the disk was full is lost, and nothing after it."""
    monkeypatch.setattr(endpoints, "FLUSH", 0.001)
    metric = metrics.Metric("AWS/SageMaker", "Invocations")
    monkeypatch.setattr(aws.part(Endpoints), "drain", lambda: [metrics.Datum(metric, aws.clock.now(), ((1.0, 1.0),))])
    disk = Disk(aws, "endpoint-metrics", times=3)
    living(Endpoints)
    eventually(lambda: bool(metrics.read(aws, metric, 0, aws.clock.now() + 1)))
    assert disk.failed == 3
