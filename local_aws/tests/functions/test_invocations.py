"""Invocations: answers, errors, logs, metrics, warm processes, concurrency."""

import json
import os
import re
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from functions_kit import Lambda, until

SOURCE = """
import logging, os, sys, time
import boto3

logging.getLogger().setLevel("INFO")
count = 0

def handle(event, context):
    global count
    count += 1
    print("printed", event)
    logging.info("logged")
    return {"value": CASES.get(event.get("do"), lambda *_: None)(event, context), "count": count}

def fail(event, context):
    raise ValueError("a reason")

def describe(event, context):
    left = context.get_remaining_time_in_millis()
    return [context.aws_request_id, context.function_name, context.memory_limit_in_mb, context.log_group_name,
            context.log_stream_name, context.invoked_function_arn, context.function_version, 0 < left <= 30_000]

CASES = {
    "fail": fail,
    "describe": describe,
    "exit": lambda event, context: os._exit(7),
    "leave": lambda event, context: sys.exit("so"),
    "environment": lambda event, context: dict(os.environ),
    "call": lambda event, context: boto3.client("sts").get_caller_identity()["Account"],
    "set": lambda event, context: {1, 2},
    "import": lambda event, context: __import__("numpy"),
    "large": lambda event, context: "x" * 7_000_000,
    "wait": lambda event, context: [Path(event["up"]).touch(), wait(event["go"])] and None,
}

from pathlib import Path

def wait(path):
    while not Path(path).exists():
        time.sleep(0.01)
"""


@pytest.fixture(scope="module")
def functions(client: Callable[..., Any]) -> Lambda:
    return Lambda(client)


@pytest.fixture(scope="module")
def name(functions: Lambda) -> Iterator[str]:
    """The function of these tests."""
    functions.create("invoked", SOURCE, Timeout=30, Environment={"Variables": {"STAGE": "prod", "PYTHONHASHSEED": "7"}})
    yield "invoked"
    functions.client("lambda").delete_function(FunctionName="invoked")


def test_a_process_stays_warm(functions: Lambda, name: str) -> None:
    first = functions.invoke(name, {"a": "ä"})["count"]
    assert functions.invoke(name)["count"] == first + 1


def test_the_context(functions: Lambda, name: str) -> None:
    identity, *rest = functions.invoke(name, {"do": "describe"})["value"]
    assert re.fullmatch(r"[0-9a-f-]{36}", identity)
    stream = rest.pop(3)
    assert re.fullmatch(r"\d{4}/\d\d/\d\d/\[\$LATEST\][0-9a-f]{32}", stream)
    arn = f"arn:aws:lambda:us-east-1:123456789012:function:{name}"
    assert rest == [name, "128", f"/aws/lambda/{name}", arn, "$LATEST", True]


def test_the_environment(functions: Lambda, name: str) -> None:
    found = functions.invoke(name, {"do": "environment"})["value"]
    assert (found["STAGE"], found["PYTHONHASHSEED"], found["AWS_REGION"]) == ("prod", "7", "us-east-1")
    assert found["AWS_LAMBDA_FUNCTION_NAME"] == name
    assert "PYTEST_CURRENT_TEST" in os.environ
    assert "PYTEST_CURRENT_TEST" not in found
    assert functions.invoke(name, {"do": "call"})["value"] == "123456789012"


def test_errors_as_aws_has_them(functions: Lambda, name: str) -> None:
    failed = functions.invoke(name, {"do": "fail"})
    assert (failed["Error"], failed["errorType"], failed["errorMessage"]) == ("Unhandled", "ValueError", "a reason")
    assert len(failed["stackTrace"]) == 2
    assert "in fail" in failed["stackTrace"][-1]
    assert functions.invoke(name, {"do": "set"})["errorType"] == "Runtime.MarshalError"
    assert functions.invoke(name, {"do": "import"})["errorType"] == "ModuleNotFoundError", "Lambda has no numpy"
    assert functions.invoke(name, {"do": "large"})["errorType"] == "Function.ResponseSizeTooLarge"


@pytest.mark.parametrize(("do", "status"), [("exit", "exit status 7"), ("leave", "exit status 1")])
def test_a_process_that_ends_is_replaced(functions: Lambda, name: str, do: str, status: str) -> None:
    failed = functions.invoke(name, {"do": do})
    assert failed["errorType"] == "Runtime.ExitError"
    assert failed["errorMessage"].endswith(f"Runtime exited with error: {status}")
    assert functions.invoke(name)["count"] == 1


@pytest.mark.parametrize(
    ("source", "handler", "kind"),
    [
        ("import nowhere", "index.handle", "Runtime.ImportModuleError"),
        ("def (", "index.handle", "Runtime.UserCodeSyntaxError"),
        ("", "index.handle", "Runtime.HandlerNotFound"),
        ("", "handle", "Runtime.MalformedHandlerName"),
        ("1 / 0", "index.handle", "ZeroDivisionError"),
    ],
)
def test_a_handler_that_cannot_be_loaded(
    functions: Lambda, fresh: Callable[[str], str], source: str, handler: str, kind: str
) -> None:
    name = fresh("broken")
    functions.create(name, source, Handler=handler)
    assert functions.invoke(name)["errorType"] == kind


def test_the_log(functions: Lambda, name: str) -> None:
    log = functions.log_of(name, {"do": "nothing"})
    start = next(place for place, line in enumerate(log) if line.startswith("START RequestId: "))
    identity = log[start].split()[2]
    assert log[start] == f"START RequestId: {identity} Version: $LATEST"
    assert log[start + 1] == "printed {'do': 'nothing'}"
    assert re.fullmatch(rf"\[INFO\]\t\S+Z\t{identity}\tlogged", log[start + 2])
    assert log[start + 3] == f"END RequestId: {identity}"
    assert re.match(rf"REPORT RequestId: {identity}\tDuration: [\d.]+ ms\tBilled Duration: \d+ ms", log[start + 4])
    assert log[start + 1] in functions.logged(name)


def test_metrics(functions: Lambda, fresh: Callable[[str], str]) -> None:
    name, metrics = fresh("measured"), functions.client("cloudwatch")
    functions.create(name, SOURCE)
    for do in ("nothing", "fail"):
        functions.invoke(name, {"do": do})
    now = time.time()
    for metric, total in (("Invocations", 2), ("Errors", 1)):
        found = metrics.get_metric_statistics(
            Namespace="AWS/Lambda",
            MetricName=metric,
            Dimensions=[{"Name": "FunctionName", "Value": name}],
            StartTime=now - 7200,
            EndTime=now + 7200,
            Period=14400,
            Statistics=["Sum"],
        )
        assert sum(point["Sum"] for point in found["Datapoints"]) == total, metric


def test_the_timeout(functions: Lambda, fresh: Callable[[str], str], tmp_path: Path) -> None:
    """The process is gone with its children, and the next invocation finds a new one."""
    name = fresh("slow")
    source = (
        "import os, pathlib, subprocess, time\n"
        "child = subprocess.Popen(['sleep', '1000'])\n"
        "pathlib.Path(os.environ['CHILD']).write_text(str(child.pid))\n"
        "def handle(event, context):\n"
        "    time.sleep(1000)\n"
    )
    functions.create(name, source, Timeout=1, Environment={"Variables": {"CHILD": str(tmp_path / "pid")}})
    failed = functions.invoke(name)
    assert failed["errorType"] == "Sandbox.Timedout"
    assert failed["errorMessage"].endswith("Task timed out after 1.00 seconds")
    if Path("/proc/self").exists():
        pid = (tmp_path / "pid").read_text()
        until(lambda: not Path(f"/proc/{pid}").exists())


def test_reserved_concurrency(functions: Lambda, fresh: Callable[[str], str], tmp_path: Path) -> None:
    """As many processes as run at once, and no more than are reserved."""
    name, client = fresh("reserved"), functions.client("lambda")
    functions.create(name, SOURCE, Timeout=60)
    client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=2)
    events = [{"do": "wait", "up": str(tmp_path / f"up-{n}"), "go": str(tmp_path / "go")} for n in range(2)]
    with ThreadPoolExecutor(2) as pool:
        running = [pool.submit(functions.invoke, name, event) for event in events]
        until(lambda: all(Path(event["up"]).exists() for event in events))
        with pytest.raises(ClientError, match="TooManyRequestsException") as error:
            functions.invoke(name)
        assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 429
        (tmp_path / "go").touch()
        assert [one.result()["count"] for one in running] == [1, 1]
    client.delete_function_concurrency(FunctionName=name)
    assert functions.invoke(name)["count"] == 2


def test_requests_that_cannot_be_events(functions: Lambda, name: str) -> None:
    client = functions.client("lambda")
    with pytest.raises(ClientError, match="InvalidRequestContentException"):
        client.invoke(FunctionName=name, Payload=b"{no json")
    with pytest.raises(ClientError, match="RequestTooLargeException"):
        client.invoke(FunctionName=name, InvocationType="Event", Payload=json.dumps("x" * 1_100_000))
    with pytest.raises(ClientError, match="only \\$LATEST"):
        client.invoke(FunctionName=name, Qualifier="prod")
    assert client.invoke(FunctionName=name, InvocationType="DryRun")["StatusCode"] == 204
