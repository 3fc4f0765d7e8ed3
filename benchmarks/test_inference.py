"""Inference: the handler alone, in the image's stack, and in batches, each beside its peers, in turns, on one core.

The peers have environments of their own below .tools/, made from benchmarks/peers/serving_*.txt with the first run.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import xgboost as xgb

from benchmarks.environments import PEERS, UnavailableError, image, peer
from benchmarks.http_load import Load, free_port, load, pinned, post, running
from contract import documents, package
from contract.columns import Columns
from contract.decision import Decision
from contract.preprocessor import Categorical, Numeric, Preprocessor, Split
from model_build import bundle

HERE = Path(__file__).parent
NUMERIC = tuple(f"n{at}" for at in range(26))
CATEGORICAL = tuple(f"c{at}" for at in range(4))
CATEGORIES = tuple(f"cat{at}" for at in range(12))
ROWS, TIMES, TRAINED = 200_000, 5, 20_000
ROUNDS, SECONDS = 60, 0.08

pytestmark = [pytest.mark.bench, pytest.mark.timeout(1800)]


@dataclass(frozen=True)
class Case:
    """The same rows and kind of model for all: 100 trees of depth 6 over 30 columns, 4 of them categorical."""

    artefact: Path
    training: Path
    rows: Path

    @property
    def environment(self) -> dict[str, str]:
        code = self.artefact / "code"
        return {"PATH": os.environ["PATH"], "SM_MODEL_DIR": str(self.artefact), "PYTHONPATH": str(code)} | {
            "OMP_NUM_THREADS": "1"
        }


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    folder = tmp_path_factory.mktemp("inference")
    generator = np.random.default_rng(0)
    numbers = generator.normal(size=(ROWS, 26))
    codes = generator.integers(0, 14, (ROWS, 4))  # two categories that training does not know
    lines = [
        ",".join([*(f"{number:.4f}" for number in row), *(f"cat{code}" for code in others)])
        for row, others in zip(numbers.tolist(), codes.tolist(), strict=True)
    ]
    (folder / "rows.csv").write_text("".join(f"{line}\n" for line in lines))
    label = (numbers[:, 0] + numbers[:, 1] * numbers[:, 2] + codes[:, 0] / 6 > 1).astype(int)
    header = ",".join([*NUMERIC, *CATEGORICAL, "y"])
    training = [f"{line},{y}\n" for line, y in zip(lines[:TRAINED], label, strict=False)]
    (folder / "training.csv").write_text("".join([f"{header}\n", *training]))
    matrix = np.column_stack([numbers, np.where(codes < 12, codes, 12)])[:TRAINED].astype(np.float32)
    artefact(folder / "artefact", xgb.DMatrix(matrix, label[:TRAINED]))
    return Case(folder / "artefact", folder / "training.csv", folder / "rows.csv")


def artefact(folder: Path, matrix: xgb.DMatrix) -> None:
    features = (
        *(Numeric(name, fill=0.0, mean=0.0, scale=1.0) for name in NUMERIC),
        *(Categorical(name, CATEGORIES, "ordinal", unknown=12.0, absent=-1.0) for name in CATEGORICAL),
    )
    columns = Columns(label="y", task="binary", positive="yes", numeric=NUMERIC, categorical=CATEGORICAL)
    preprocessor = Preprocessor(columns, features, ("no", "yes"), Split("random", (), 0, {"": (0.7, 0.85)}))
    documents.write(folder / package.PREPROCESSOR, preprocessor.to_document())
    documents.write(folder / package.DECISION, Decision("binary", ("no", "yes"), 0.5).to_document())
    booster = xgb.train({"objective": "binary:logistic", "max_depth": 6}, matrix, 100)
    (folder / package.MODEL).write_bytes(booster.save_raw("ubj"))
    for path, content in bundle.collect(["inference.app"], folder).files.items():
        (folder / "code" / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / "code" / path).write_bytes(content)


def image_python() -> Path:
    try:
        return image().python
    except UnavailableError as error:
        print(f"\nthe image's packages cannot be had, this environment stands in for them: {error}")
        return Path(sys.executable)


def handler(case: Case, *arguments: str) -> dict[str, float]:
    command = pinned(0, [str(image_python()), str(HERE / "handler.py"), *arguments])
    done = subprocess.run(command, env=case.environment, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def shown_load() -> str:
    return f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"


def test_one_record_in_the_handler_alone(case: Case) -> None:
    found = handler(case, "one", str(case.rows))["microseconds"]
    print(f"\nhandler alone, one CSV record, bytes in, bytes out: {found:.0f} µs ({shown_load()})")
    assert found <= 120


def test_a_million_records_in_batches(case: Case, tmp_path: Path) -> None:
    many = tmp_path / "many.csv"
    many.write_bytes(case.rows.read_bytes() * TIMES)
    found = handler(case, "many", str(many))
    assert found["rows"] == ROWS * TIMES
    print(f"\none million CSV records in requests of 6 MB: {found['seconds']:.2f} s of handler ({shown_load()})")
    assert found["seconds"] <= 8
    try:
        python = peer("serving_script_mode")
    except UnavailableError as error:
        print(f"pandas + scikit-learn cannot be had here: {error}")
        return
    program = (
        "import sys, time, pandas as pd; sys.path.insert(0, sys.argv[1])\n"
        "from serving_pipeline import answer, fitted\n"
        "pipeline, body = fitted(pd.read_csv(sys.argv[2])), open(sys.argv[3], 'rb').read()[:6 << 20]\n"
        "body = body[:body.rindex(b'\\n') + 1]\n"
        "start = time.process_time(); rows = answer(pipeline, body).count('\\n')\n"
        "print((time.process_time() - start) / rows * 1e6)\n"
    )
    command = [str(python), "-c", program, str(PEERS), str(case.training), str(case.rows)]
    done = subprocess.run(pinned(0, command), capture_output=True, text=True, check=True)
    theirs = float(done.stdout)
    print(f"the same with pandas + scikit-learn: {theirs:.2f} s, {theirs / found['seconds']:.1f} times as long")


def gunicorn(python: Path, application: str, port: int) -> list[str]:
    return [str(python), "-m", "gunicorn", "-k", "gevent", "-w", "1", "-b", f"127.0.0.1:{port}", application]


class Stacks:
    """The servers, by name: each starts on a port, and says how it wants to be asked for a line of CSV."""

    def __init__(self, case: Case, folder: Path) -> None:
        self._case, self._folder = case, folder
        self._python = image_python()
        self._lines = case.rows.read_bytes().splitlines(keepends=True)[:2000]
        self.all: dict[str, Callable[[int], tuple[list[str], dict[str, str], list[bytes]]]] = {
            "constant WSGI application, gunicorn": self.constant,
            "inference.app in the image's stack": self.ours,
            "script mode, pandas + scikit-learn": self.script_mode,
            "mlflow models serve, the same": self.mlflow,
            "BentoML, the same": self.bentoml,
        }

    def constant(self, port: int) -> tuple[list[str], dict[str, str], list[bytes]]:
        environment = {**self._case.environment, "PYTHONPATH": str(PEERS)}
        return gunicorn(self._python, "serving_constant:app", port), environment, self._csv()

    def ours(self, port: int) -> tuple[list[str], dict[str, str], list[bytes]]:
        return gunicorn(self._python, "inference.app:app", port), self._case.environment, self._csv()

    def script_mode(self, port: int) -> tuple[list[str], dict[str, str], list[bytes]]:
        python, environment = self._fitted("script_mode")
        # The protocol buffers of sagemaker-containers are older than those of the library; no request meets them.
        environment |= {"PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION": "python", "SAGEMAKER_BASE_DIR": str(self._folder)}
        return gunicorn(python, "serving_script_mode:app", port), environment, self._csv()

    def mlflow(self, port: int) -> tuple[list[str], dict[str, str], list[bytes]]:
        python, environment = self._fitted("mlflow")
        command = [str(python.with_name("mlflow")), "models", "serve", "--env-manager", "local", "-w", "1"]
        command += ["-m", environment["PEER_MODEL"] + "/mlflow", "-h", "127.0.0.1", "-p", str(port)]
        environment["PATH"] = f"{python.parent}{os.pathsep}{environment['PATH']}"
        header = (",".join([*NUMERIC, *CATEGORICAL]) + "\n").encode()
        return command, environment, [post(header + line, "text/csv") for line in self._lines]

    def bentoml(self, port: int) -> tuple[list[str], dict[str, str], list[bytes]]:
        python, environment = self._fitted("bentoml")
        environment |= {"BENTOML_HOME": str(self._folder / "bentoml"), "BENTOML_DO_NOT_TRACK": "true"}
        environment["PATH"] = f"{python.parent}{os.pathsep}{environment['PATH']}"
        command = [str(python.with_name("bentoml")), "serve", "serving_bentoml:Scorer", "--working-dir", str(PEERS)]
        bodies = (json.dumps({"line": line.decode()}).encode() for line in self._lines)
        return [*command, "-p", str(port)], environment, [post(body, "application/json") for body in bodies]

    def _csv(self) -> list[bytes]:
        return [post(line, "text/csv") for line in self._lines]

    def _fitted(self, name: str) -> tuple[Path, dict[str, str]]:
        """The peer's Python and its variables; its pipeline is fitted with its own versions."""
        python, folder = peer(f"serving_{name}"), self._folder / name
        folder.mkdir()
        command = [str(python), str(PEERS / "serving_pipeline.py"), str(self._case.training), str(folder)]
        subprocess.run(command, check=True, capture_output=True)
        return python, {
            "PATH": os.environ["PATH"], "HOME": str(self._folder), "PYTHONPATH": str(PEERS), "PEER_MODEL": str(folder),
            "OMP_NUM_THREADS": "1",
        }  # fmt: skip


@pytest.fixture(scope="module")
def measured(case: Case, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Load]:
    """All servers stand at once and are asked in turns, so that all meet the same machine.

    The least disturbed of many short rounds counts, for each alike: other work on the machine hits long answers harder.
    """
    folder = tmp_path_factory.mktemp("stacks")
    stacks = Stacks(case, folder)
    asked: dict[str, tuple[int, list[bytes]]] = {}
    with ExitStack() as stack:
        for number, (name, make) in enumerate(stacks.all.items()):
            port = free_port()
            try:
                command, variables, requests = make(port)
            except UnavailableError as error:
                print(f"\n{name} cannot be had here: {error}")
                continue
            stack.enter_context(running(command, port, variables, folder / f"{number}.log"))
            asked[name] = port, requests
        rounds: dict[str, list[Load]] = {name: [] for name in asked}
        for _ in range(ROUNDS):
            for name, (port, requests) in asked.items():
                rounds[name].append(load(port, requests, SECONDS))
    return {name: Load(min(one.p50 for one in found), max(one.rate for one in found)) for name, found in rounds.items()}


def test_the_handler_in_the_stack_of_the_image(measured: dict[str, Load]) -> None:
    print(f"\n{'one CSV record, one client, one worker on one core':52}{'p50 ms':>8}{'requests/s':>12}")
    for name, found in measured.items():
        print(f"{name:52}{found.p50:8.3f}{found.rate:12,.0f}")
    constant, ours, *_ = measured.values()
    print(f"p50 {ours.p50 / constant.p50:.2f} times that of a constant ({shown_load()})")
    assert ours.p50 <= 1.5 * constant.p50
    for name in ("script mode, pandas + scikit-learn", "mlflow models serve, the same", "BentoML, the same"):
        if name in measured:
            print(f"{ours.rate / measured[name].rate:5.1f} times the requests/s of {name}")
    if (peer := measured.get("script mode, pandas + scikit-learn")) is not None:
        assert ours.rate >= 10 * peer.rate
