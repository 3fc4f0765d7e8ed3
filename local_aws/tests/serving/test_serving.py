"""Models become processes that answer."""

import asyncio
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from local_aws.operations import Aws
from local_aws.processes.hosts import Hosts
from local_aws.serving import Serving, ServingError
from local_aws.serving.chain import Chain
from local_aws.serving.failure import NoAnswerError

ECHO = """
import os
def app(environ, start_response):
    if environ["PATH_INFO"] == "/ping":
        start_response("200 OK", [("Content-Length", "0")])
        return [b""]
    body = environ["wsgi.input"].read()
    if body == b"crash":
        os._exit(7)
    if body == b"sleep":
        import time; time.sleep(60)
    if body == b"raise":
        raise ValueError("planted")
    if body == b"write":
        try:
            open("/opt/ml/model/code/app.py", "w")
        except OSError as error:
            body = type(error).__name__.encode()
    answer = os.environ.get("MARK", "").encode() + body
    if body == b"pieces":
        start_response("200 OK", [("Content-Type", "text/plain")])
        return iter([b"pie", b"ces"])
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(answer)))])
    return [answer]
"""


@pytest.fixture
def begin(running: Aws) -> Iterator[Callable[..., Chain]]:
    """begin(model): a ready instance, ended with the test."""
    chains: list[Chain] = []

    def start(model: dict[str, Any], **options: Any) -> Chain:
        chain = running.part(Serving).begin(model, "/aws/sagemaker/Endpoints/test", "AllTraffic/{instance}", **options)
        chains.append(chain)
        chain.wait_ready(60)
        return chain

    yield start
    for chain in chains:
        running.part(Serving).end(chain)


def invoke(chain: Chain, body: bytes, timeout: float = 30.0) -> Any:
    return asyncio.run(_invoke(chain, body, timeout))


async def _invoke(chain: Chain, body: bytes, timeout: float) -> Any:
    for container in chain.containers:
        container.pool._idle.clear()  # those of an earlier loop
    return await chain.invoke(b"", b"text/plain", body, timeout)


def eventually(holds: Callable[[], bool], seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_model_answers_and_leaves_nothing(running: Aws, model: Any) -> None:
    serving = running.part(Serving)
    chain = serving.begin(model(ECHO, environment={"MARK": "a"}), "/aws/sagemaker/Endpoints/test", "{instance}")
    chain.wait_ready(60)
    number, answer = invoke(chain, b"xyz")
    assert (number, answer.status, answer.body, answer.content_type) == (0, 200, b"axyz", b"text/plain")
    assert chain.call({"content-type": "text/plain"}, b"pieces", 30)[1].body == b"pieces"
    assert invoke(chain, b"x" * 6_000_000)[1].body == b"a" + b"x" * 6_000_000
    serving.end(chain)
    assert not [path for path in (running.home / "serving").rglob("*") if path.is_file()]
    with pytest.raises(NoAnswerError):
        invoke(chain, b"xyz")


def test_an_exception_is_500_and_the_worker_goes_on(begin: Callable[..., Chain], model: Any) -> None:
    chain = begin(model(ECHO))
    assert invoke(chain, b"raise")[1].status == 500
    assert invoke(chain, b"on")[1].body == b"on"
    eventually(lambda: "planted" in chain.containers[0].last_line)


def test_containers_in_series(begin: Callable[..., Chain], model: Any) -> None:
    document = model(ECHO, ECHO)
    document["Containers"][0]["Environment"]["MARK"] = "1"
    document["Containers"][1]["Environment"]["MARK"] = "2"
    chain = begin(document)
    assert invoke(chain, b"x") == (1, chain.call({}, b"x", 30)[1])
    assert invoke(chain, b"x")[1].body == b"21x"
    number, answer = invoke(chain, b"raise")
    assert (number, answer.status) == (0, 500)


def test_a_crash_costs_its_request_and_no_more(begin: Callable[..., Chain], model: Any) -> None:
    chain = begin(model(ECHO))
    with pytest.raises(NoAnswerError):
        invoke(chain, b"crash")
    eventually(lambda: chain.containers[0].restarts == 1 and chain.ready)
    assert invoke(chain, b"again")[1].body == b"again"


def test_a_request_that_takes_too_long(begin: Callable[..., Chain], model: Any) -> None:
    with pytest.raises(NoAnswerError, match="within") as caught:
        invoke(begin(model(ECHO)), b"sleep", 0.2)
    assert caught.value.timeout


def test_the_artefact_is_shared_and_cannot_be_written(begin: Callable[..., Chain], model: Any, running: Aws) -> None:
    document = model(ECHO)
    first, second = begin(document), begin(document)
    containers = (*first.containers, *second.containers)
    assert len({container.folder.joinpath("ml/model").resolve() for container in containers}) == 1
    assert invoke(first, b"write")[1].body in (b"OSError", b"PermissionError")


def test_a_model_that_does_not_start_says_why(begin: Callable[..., Chain], model: Any, running: Aws) -> None:
    with pytest.raises(ServingError, match=r"did not pass the ping health check.*No module named 'nothing'"):
        begin(model("import nothing"))


def test_network_isolation(begin: Callable[..., Chain], model: Any, running: Aws) -> None:
    with socket.create_server(("127.0.0.1", 0)) as reachable:
        source = f"""
import socket
def app(environ, start_response):
    try:
        socket.create_connection(("127.0.0.1", {reachable.getsockname()[1]}), 5).close()
        said = b"reached"
    except OSError as error:
        said = b"not reached"
    start_response("200 OK", [("Content-Length", str(len(said)))])
    return [said]
"""
        assert invoke(begin(model(source)), b"")[1].body == b"reached"
        isolated = begin(model(source, EnableNetworkIsolation=True))
        host = running.part(Hosts).of(running.images.rows[0])
        assert invoke(isolated, b"")[1].body == (b"not reached" if host.namespaces else b"reached")


def test_the_model_comes_back_when_its_host_is_killed(begin: Callable[..., Chain], model: Any, running: Aws) -> None:
    chain = begin(model(ECHO))
    os.kill(running.part(Hosts).of(running.images.rows[0])._process.pid, signal.SIGKILL)
    eventually(lambda: chain.containers[0].restarts > 0 and chain.ready)
    assert invoke(chain, b"again")[1].body == b"again"


@pytest.mark.parametrize(
    ("environment", "reason"),
    [({"SAGEMAKER_PROGRAM": "serve.py"}, "SAGEMAKER_PROGRAM"), ({"SAGEMAKER_SERVING_MODULE": ""}, "algorithm mode")],
)
def test_other_ways_to_serve_are_refused_by_name(
    begin: Callable[..., Chain], model: Any, environment: dict[str, str], reason: str
) -> None:
    with pytest.raises(ServingError, match=reason):
        begin(model(ECHO, environment=environment))


def test_the_log_has_what_the_container_writes(begin: Callable[..., Chain], model: Any, running: Aws) -> None:
    chain = begin(model("print('model is loaded')\n" + ECHO))

    def said() -> bool:
        streams = Path(running.home / "logs").rglob("*.jsonl")
        return any("model is loaded" in path.read_text() and chain.id in path.name for path in streams)

    eventually(said)  # what it writes comes another way than the answer to its ping
