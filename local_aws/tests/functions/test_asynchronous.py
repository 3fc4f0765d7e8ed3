"""Events that wait for their function: from clients, rules and topics; retries, dead letters, destinations, kills."""

import json
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from functions_kit import ROLE, Lambda, received, until, zipped

from conftest import connect
from local_aws import launch
from local_aws.events.deliveries import Deliverer
from local_aws.functions import asynchronous, event_invoke
from local_aws.functions import functions as made
from local_aws.functions.part import Functions
from local_aws.operations import Aws
from local_aws.processes.hosts import Hosts
from local_aws.services import queues, sqs

COUNTING = """
import os, pathlib
def handle(event, context):
    calls = pathlib.Path(event["calls"])
    calls.mkdir(exist_ok=True)
    (calls / f"{len(list(calls.iterdir()))}-{context.aws_request_id}").touch()
    if event.get("fail"):
        raise RuntimeError("no")
    return "taken"
"""


@pytest.fixture
def machine(aws: Aws) -> Iterator[Aws]:
    """A machine with functions and queues that live, without HTTP."""
    parts: tuple[Any, ...] = (aws.part(Hosts), aws.part(Functions), aws.part(Deliverer))
    for part in parts:
        part.start()
    sqs.create_queue(aws, {"QueueName": "queue"})
    yield aws
    for part in reversed(parts):
        part.stop()


QUEUE = "arn:aws:sqs:us-east-1:123456789012:queue"


def create(aws: Aws, **more: Any) -> dict[str, Any]:
    settings = {"Runtime": "python3.13", "Handler": "index.handle", "Role": ROLE, "Timeout": 900}
    return made.create(aws, {"FunctionName": "f", "Code": {"ZipFile": zipped(COUNTING)}} | settings | more)


def waiting(aws: Aws, attempts: int) -> bool:
    return [event["Attempts"] for _, event in aws.store.scan(asynchronous.EVENTS)] == [attempts]


def taken(aws: Aws) -> list[dict[str, Any]]:
    return queues.take(aws, "queue", 1, None)


def test_an_event_that_fails_is_tried_three_times_and_buried(machine: Aws, tmp_path: Path) -> None:
    """After one minute and after two, as the documentation says."""
    function = create(machine, DeadLetterConfig={"TargetArn": QUEUE})
    event = json.dumps({"calls": str(tmp_path / "calls"), "fail": True})
    identity = asynchronous.enqueue(machine, function, event)
    for attempts, pause in ((1, 61), (2, 121)):
        until(lambda attempts=attempts: waiting(machine, attempts))
        assert len(list((tmp_path / "calls").iterdir())) == attempts
        machine.clock.set(offset=pause)
    (message,) = until(lambda: taken(machine))
    assert message["Body"] == event
    assert message["MessageAttributes"]["RequestID"]["StringValue"] == identity
    assert message["MessageAttributes"]["ErrorMessage"]["StringValue"] == "no"
    calls = sorted(path.name for path in (tmp_path / "calls").iterdir())
    assert [call.partition("-")[2] for call in calls] == [identity] * 3
    assert machine.store.scan(asynchronous.EVENTS) == []


def test_an_event_that_is_too_old_is_buried(machine: Aws, tmp_path: Path) -> None:
    function = create(machine, DeadLetterConfig={"TargetArn": QUEUE})
    event_invoke.put(machine, {"FunctionName": "f", "MaximumEventAgeInSeconds": 60})
    asynchronous.enqueue(machine, function, json.dumps({"calls": str(tmp_path / "calls"), "fail": True}))
    until(lambda: waiting(machine, 1))
    machine.clock.set(offset=61)
    assert until(lambda: taken(machine))
    assert len(list((tmp_path / "calls").iterdir())) == 1


def test_destinations(machine: Aws, tmp_path: Path) -> None:
    function = create(machine)
    both = {"OnSuccess": {"Destination": QUEUE}, "OnFailure": {"Destination": QUEUE}}
    event_invoke.put(machine, {"FunctionName": "f", "MaximumRetryAttempts": 0, "DestinationConfig": both})
    for fail, condition in ((False, "Success"), (True, "RetriesExhausted")):
        event = {"calls": str(tmp_path / "calls"), "fail": fail}
        asynchronous.enqueue(machine, function, json.dumps(event))
        (message,) = until(lambda: taken(machine))
        record = json.loads(message["Body"])
        assert record["requestContext"]["condition"] == condition
        assert record["requestContext"]["approximateInvokeCount"] == 1
        assert record["requestPayload"] == event
        assert ("functionError" in record["responseContext"]) == fail


def test_reserved_concurrency_holds_for_events_too(machine: Aws, tmp_path: Path) -> None:
    """One at a time, all of them, and none counts as an attempt while it waits."""
    source = (
        "import pathlib, time\n"
        "def handle(event, context):\n"
        "    (pathlib.Path(event) / 'inside').mkdir()\n"
        "    time.sleep(0.05)\n"
        "    (pathlib.Path(event) / 'inside').rmdir()\n"
        "    with open(event + '/done', 'a') as file: file.write('x')\n"
    )
    function = create(machine, Code={"ZipFile": zipped(source)}, DeadLetterConfig={"TargetArn": QUEUE})
    with machine.store.transaction():
        made.keep(machine, function, Reserved=1)
    for _ in range(4):
        asynchronous.enqueue(machine, function, json.dumps(str(tmp_path)))
    until(lambda: not machine.store.scan(asynchronous.EVENTS))
    assert (tmp_path / "done").read_text() == "xxxx"
    assert taken(machine) == []


@pytest.fixture
def functions(client: Callable[..., Any]) -> Lambda:
    return Lambda(client)


def test_a_rule_and_a_topic_reach_a_function(functions: Lambda, fresh: Callable[[str], str], tmp_path: Path) -> None:
    name, events, sns = fresh("reached"), functions.client("events"), functions.client("sns")
    source = "def handle(event, context):\n    open(event.get('detail', {}).get('to') or "
    source += "event['Records'][0]['Sns']['Message'], 'w').write(str(sorted(event)))\n"
    arn = functions.create(name, source, Timeout=900)
    events.put_rule(Name=name, EventPattern=json.dumps({"source": [name]}))
    events.put_targets(Rule=name, Targets=[{"Id": "function", "Arn": arn}])
    detail = json.dumps({"to": str(tmp_path / "from-rule")})
    events.put_events(Entries=[{"Source": name, "DetailType": "test", "Detail": detail}])
    topic = sns.create_topic(Name=name)["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=arn)
    sns.publish(TopicArn=topic, Message=str(tmp_path / "from-topic"))
    until(lambda: (tmp_path / "from-rule").exists() and (tmp_path / "from-rule").read_text())
    assert "detail-type" in (tmp_path / "from-rule").read_text()
    until(lambda: (tmp_path / "from-topic").exists() and (tmp_path / "from-topic").read_text())
    assert (tmp_path / "from-topic").read_text() == "['Records']"


def test_a_rule_without_its_function_uses_its_dead_letter_queue(functions: Lambda, fresh: Callable[[str], str]) -> None:
    name, events, queue = fresh("gone"), functions.client("events"), functions.client("sqs")
    url = queue.create_queue(QueueName=name)["QueueUrl"]
    dead = {"Arn": f"arn:aws:sqs:us-east-1:123456789012:{name}"}
    arn = f"arn:aws:lambda:us-east-1:123456789012:function:{name}"
    events.put_rule(Name=name, EventPattern=json.dumps({"source": [name]}))
    events.put_targets(Rule=name, Targets=[{"Id": "function", "Arn": arn, "DeadLetterConfig": dead}])
    events.put_events(Entries=[{"Source": name, "DetailType": "test", "Detail": "{}"}])
    message = received(queue, url)
    assert message["MessageAttributes"]["ERROR_CODE"]["StringValue"] == "ResourceNotFoundException"


def test_an_event_outlives_the_server(tmp_path: Path) -> None:
    """Killed while the function runs: the next server runs it again, and nothing of the old one is left."""
    home = tmp_path / "home"
    source = (
        "import os, pathlib, time\n"
        "def handle(event, context):\n"
        "    folder = pathlib.Path(event['folder'])\n"
        "    (folder / f'up-{os.getpid()}').touch()\n"
        "    while not (folder / 'go').exists():\n"
        "        time.sleep(0.01)\n"
        "    (folder / 'done').touch()\n"
    )
    try:
        status = launch.up(home)
        functions = Lambda(lambda service: connect(service, launch.status(home).Endpoint or ""))
        functions.create("outlives", source, Timeout=900)
        payload = json.dumps({"folder": str(tmp_path)})
        functions.client("lambda").invoke(FunctionName="outlives", InvocationType="Event", Payload=payload)
        first = until(lambda: list(tmp_path.glob("up-*")))
        assert status.Pid
        os.kill(status.Pid, signal.SIGKILL)
        until(lambda: launch.status(home).Status == "Stopped")
        launch.up(home)
        until(lambda: len(list(tmp_path.glob("up-*"))) > len(first))
        if Path("/proc/self").exists():
            assert not Path(f"/proc/{first[0].name.removeprefix('up-')}").exists()
        (tmp_path / "go").touch()
        until((tmp_path / "done").exists)
        until(lambda: any(line.startswith("REPORT") for line in functions.logged("outlives")))
    finally:
        launch.down(home)
