"""What goes to MLflow, and that a server that is not there is one sentence."""

import os
import socket
import tomllib
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from json import dumps, loads
from threading import Thread
from typing import Any

import pytest

from contract.errors import InputError
from mlops import tracking
from model_build import config
from tests.model_build.conftest import SMALL

REPORT = {
    "PipelineExecutionArn": "arn:aws:sagemaker:eu-central-1:123456789012:pipeline/small/execution/abc",
    "PipelineExecutionStatus": "Succeeded",
    "ModelPackageArn": "arn:aws:sagemaker:eu-central-1:123456789012:model-package/small/1",
    "Metrics": {"auc": 0.8, "f1": 0.5},
}


RUN = {"info": {"run_id": "r1", "run_uuid": "r1", "experiment_id": "7", "status": "RUNNING"}, "data": {}}


class Server(ThreadingHTTPServer):
    """As much of MLflow's REST API as logging needs; `asked` holds path and body of each request."""

    asked: list[tuple[str, dict[str, Any]]]


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        if "/mlflow/runs/get" in self.path:
            self.answer(200, {"run": RUN})
        else:
            self.answer(404, {"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "no such experiment"})

    def do_POST(self) -> None:
        body = loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append((self.path.rpartition("/mlflow/")[2], body))
        self.answer(200, {"experiment_id": "7", "run": RUN, "run_info": RUN["info"]})

    def answer(self, status: int, document: dict[str, Any]) -> None:
        content = dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Nothing on the test's output."""


@pytest.fixture
def server() -> Iterator[Server]:
    with Server(("127.0.0.1", 0), Handler) as found:
        found.asked = []
        thread = Thread(target=found.serve_forever, daemon=True)
        thread.start()
        yield found
        found.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is set for mlflow ends with the test."""
    for name, value in tracking.SETTINGS.items():
        monkeypatch.setenv(name, os.environ.get(name, value))


def configured(uri: str | None) -> config.Config:
    document = tomllib.loads(SMALL)
    document["mlflow"] = {"tracking_uri": uri} if uri else {}
    document.setdefault("train", {}).setdefault("hyperparameters", {})["max_depth"] = 3
    return config.parse(document, "config.toml")


def test_an_execution_is_a_run(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    uri = f"http://127.0.0.1:{server.server_port}"
    assert tracking.log(configured(uri), "small", REPORT) == f"{uri}/#/experiments/7/runs/r1"
    assert capsys.readouterr().out == "", "standard output may be one JSON document"
    asked: dict[str, list[dict[str, Any]]] = {}
    for path, body in server.asked:
        asked.setdefault(path, []).append(body)
    assert asked["experiments/create"][0]["name"] == "small"
    (run,) = asked["runs/create"]
    assert run["run_name"] == "abc"
    told = {tag["key"]: tag["value"] for tag in run["tags"]}
    assert told["ModelPackageArn"] == REPORT["ModelPackageArn"]
    (batch,) = asked["runs/log-batch"]
    assert {one["key"]: one["value"] for one in batch["metrics"]} == REPORT["Metrics"]
    logged = {one["key"]: one["value"] for one in batch["params"]}
    assert logged["train.hyperparameters.max_depth"] == "3"
    assert logged["split.by"] == "stratified"
    assert asked["runs/update"][-1]["status"] == "FINISHED"


def test_nothing_is_logged_without_a_server_or_without_metrics(server: Server) -> None:
    assert tracking.log(configured(None), "small", REPORT) is None
    uri = f"http://127.0.0.1:{server.server_port}"
    assert tracking.log(configured(uri), "small", {**REPORT, "Metrics": {}}) is None
    assert server.asked == []


def test_a_server_that_is_not_there_is_one_sentence() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: connections are refused
        uri = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(InputError, match=f"Not logged to MLflow at {uri}: the server does not answer") as caught:
            tracking.log(configured(uri), "small", REPORT)
    assert "\n" not in str(caught.value)


def test_an_address_that_is_none_is_refused() -> None:
    with pytest.raises(InputError, match=r"mlflow\.tracking_uri"):
        configured("somewhere")
