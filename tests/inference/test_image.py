"""Unchanged in the image's own stack: gunicorn, its versions, read-only, without a network, without what it lacks."""

import io
import json
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchmarks.environments import Image, UnavailableError, image
from contract.package import Golden
from inference.model import load
from model_build import bundle
from model_build.jobs import golden
from tests.inference.conftest import write_artefact
from tests.inference.image import Client, cage, served

RECORDS: list[dict[str, Any]] = [
    {"age": 18 + at, "income": None if at % 7 == 0 else 1000.25 * at, "city": city}
    for at in range(30)
    for city in ("Bern", "Basel, BS", "Zürich", "nowhere", None)
]
JSON, LINES = {"Content-Type": "application/json"}, {"Content-Type": "application/jsonlines"}


@pytest.fixture(scope="module")
def stack() -> Image:
    try:
        return image()
    except UnavailableError as error:
        pytest.skip(f"the image's packages cannot be had here: {error}")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An artefact with the serving code that Train would seal in it, and no right to write."""
    folder = write_artefact(tmp_path_factory.mktemp("image") / "model", "binary")
    for path, content in bundle.collect(["inference.app"], folder).files.items():
        (folder / "code" / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / "code" / path).write_bytes(content)
    for path in [folder, *folder.rglob("*")]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    return folder


@pytest.fixture(scope="module")
def expected(model: Path) -> list[Golden]:
    """Decided here, as Evaluate does it at training time."""
    return golden.decide(load(model), RECORDS)


@pytest.fixture(scope="module", params=["without Flask", "with Flask"])
def client(request: pytest.FixtureRequest, stack: Image, model: Path) -> Iterator[Client]:
    how, caged = cage(model)
    flask = {"PYTHONPATH": str(stack.flask)} if request.param == "with Flask" else {}
    print(f"Python {stack.version}, {request.param}, {how}")  # noqa: T201 (what -s and a failure show)
    with (
        tempfile.TemporaryDirectory() as short,  # the name of a socket has at most 107 bytes
        served(stack, model, caged, Path(short) / "s", MODEL_VERSION="7", **flask) as running,
    ):
        yield running


def test_the_stack_is_the_image_s(stack: Image) -> None:
    program = (
        "import importlib.util, numpy, xgboost, pyarrow, gunicorn\n"
        "print(numpy.__version__, xgboost.__version__, pyarrow.__version__, gunicorn.__version__)\n"
        "print([name for name in ('pandas', 'sklearn', 'pydantic', 'flask') if importlib.util.find_spec(name)])\n"
    )
    done = subprocess.run([stack.python, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["2.1.0 3.2.0 22.0.0 25.3.0", "[]"]


def test_the_model_folder_takes_no_byte_where_the_kernel_allows(model: Path) -> None:
    how, caged = cage(model)
    if "no network" not in how:
        pytest.skip("unshare is not allowed here: the folder is read-only by its modes alone")
    written = subprocess.run([*caged, "touch", str(model / "x")], capture_output=True, text=True)
    assert "Read-only file system" in written.stderr
    assert subprocess.run([*caged, "cat", "/proc/net/route"], capture_output=True, text=True).stdout.count("\n") <= 1


def test_golden_records_are_decided_as_at_training_time(client: Client, expected: list[Golden]) -> None:
    def same(answers: list[dict[str, Any]]) -> bool:
        said = [(answer["score"], answer["decision"]) for answer in answers]
        return said == [(one.score, one.decision) for one in expected]

    body = "\n".join(json.dumps(one.record) for one in expected).encode()
    status, _, content = client("POST", "/invocations", body, LINES)
    assert status == 200
    answers = [json.loads(line) for line in content.splitlines()]
    assert same(answers)
    assert {answer["model_version"] for answer in answers} == {7}
    stream = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(RECORDS), stream)
    parquet = {"Content-Type": "application/x-parquet", "Accept": "application/json"}
    status, _, content = client("POST", "/invocations", stream.getvalue(), parquet)
    assert status == 200
    assert same(json.loads(content)["predictions"])
    for one in expected[::10]:
        cells = ["" if value is None else str(value) for value in one.record.values()]
        line = ",".join(f'"{cell}"' if "," in cell else cell for cell in cells).encode()
        status, kind, content = client("POST", "/invocations", line, {"Content-Type": "text/csv"})
        assert (status, kind, content.decode()) == (200, "text/csv", f"{one.decision},{one.score},7\n")


def test_the_rest_of_the_contract_holds_there_too(client: Client) -> None:
    assert client("GET", "/ping")[0] == 200
    assert json.loads(client("GET", "/execution-parameters")[2])["BatchStrategy"] == "MULTI_RECORD"
    status, _, content = client("POST", "/invocations", b'{"age": 1, "city": 2}', JSON)
    assert (status, "lacks the field 'income'" in json.loads(content)["error"]) == (400, True)
    status, _, content = client("POST", "/invocations", b"1" * (25 * 1024**2 + 1), JSON)
    assert (status, "at most 26,214,400" in json.loads(content)["error"]) == (413, True)
    assert client("POST", "/invocations", b"1,2,3", {"Content-Type": "image/png"})[0] == 415
    status, _, content = client(
        "POST", "/invocations", b"[61, 1, null]", {**JSON, "X-Amzn-SageMaker-Custom-Attributes": "reasons=1"}
    )
    assert (status, len(json.loads(content)["predictions"][0]["reasons"])) == (200, 1)
