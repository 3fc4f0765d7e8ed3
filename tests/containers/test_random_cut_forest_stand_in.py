"""The stand-in for SageMaker's Random Cut Forest: folders in, trees out; requests in, scores out."""

import io
import json
import re
import sys
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from contract.errors import InputError
from random_cut_forest import training
from tests.conftest import ROOT

sys.path.append(str(ROOT / "containers"))  # as the image's table has it: modules beside each other
from random_cut_forest_stand_in import serve, train

RANDOM = np.random.default_rng(0)
ROWS: NDArray[np.float64] = RANDOM.normal(size=(4000, 3))
OUTLIERS: NDArray[np.float64] = RANDOM.normal(size=(40, 3)) * 6
HYPERPARAMETERS = {"feature_dim": "3", "num_trees": "51", "num_samples_per_tree": "64"}


def host(root: Path, name: str, hosts: list[str], rows: NDArray[np.float64], **hyperparameters: str) -> None:
    """One host's /opt/ml before the training."""
    test = np.column_stack([np.repeat([0, 1], [400, 40]), np.concatenate([ROWS[:400], OUTLIERS])])
    for channel, table in (("train", rows), ("test", test)):
        (root / "input/data" / channel).mkdir(parents=True)
        np.savetxt(root / "input/data" / channel / "part.csv", table, delimiter=",")
    (root / "model").mkdir()
    config = {
        "hyperparameters": HYPERPARAMETERS | hyperparameters,
        "inputdataconfig": {
            "train": {"ContentType": "text/csv;label_size=0"},
            "test": {"ContentType": "text/csv;label_size=1"},
        },
        "resourceconfig": {"current_host": name, "hosts": hosts},
    }
    for document, content in config.items():
        path = root / f"input/config/{document}.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(content))


def test_hosts_share_the_trees(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """AUC of two hosts within .005 of one."""
    together = tmp_path / "together"
    together.mkdir()
    for number in (1, 2):
        root = tmp_path / f"host-{number}"
        host(root, f"algo-{number}", ["algo-1", "algo-2"], ROWS[number - 1 :: 2])
        train.main(root)
        for path in (root / "model").iterdir():
            path.rename(together / path.name)
    log = capsys.readouterr().out
    host(tmp_path / "one", "algo-1", ["algo-1"], ROWS)
    train.main(tmp_path / "one")

    forests = [serve.load(folder) for folder in (together, tmp_path / "one/model")]
    assert [len(forest.trees.roots) for forest in forests] == [51, 51]
    several, alone = (auc(forest.score(OUTLIERS), forest.score(ROWS)) for forest in forests)
    assert alone > 0.95
    assert abs(several - alone) < 0.005

    images = tomllib.loads((ROOT / "containers/images.toml").read_text())["image"]
    expression = next(row["metric"] for row in images if row["repository"] == "randomcutforest")
    found = {f"{m['set']}:{m['name']}": float(m["value"]) for m in re.finditer(expression, log)}
    assert set(found) == {"test:accuracy", "test:precision", "test:recall", "test:f1"}


def test_hosts_grow_trees_of_their_own_and_the_first_alone_judges(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also from the same rows, which each host gets without sharding."""
    cuts, judged = [], []
    for name in ("algo-1", "algo-2"):
        host(tmp_path / name, name, ["algo-1", "algo-2"], ROWS)
        train.main(tmp_path / name)
        cuts.append(serve.load(tmp_path / name / "model").trees.cut[:100].tolist())
        judged.append("quality_metric" in capsys.readouterr().out)
    assert not set(cuts[0]) & set(cuts[1]) - {0.0}
    assert judged == [True, False]


def auc(anomalies: NDArray[np.float64], others: NDArray[np.float64]) -> float:
    return float(np.mean(anomalies[:, None] > others[None, :]))


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"feature_dim": "4"}, "feature_dim is 4"),
        ({"num_trees": "5"}, "takes 50 to 1000"),
        ({"depth": "5"}, "no hyperparameter depth"),
    ],
)
def test_a_mistake_is_one_sentence(tmp_path: Path, changed: dict[str, str], words: str) -> None:
    host(tmp_path, "algo-1", ["algo-1"], ROWS, **changed)
    with pytest.raises(SystemExit) as ended:
        train.main(tmp_path)
    assert words in str(ended.value)
    assert (tmp_path / "output/failure").read_text() == str(ended.value)


def test_more_hosts_than_trees() -> None:
    assert [training.share(51, place, 4) for place in range(4)] == [13, 13, 13, 12]
    with pytest.raises(InputError, match="60 instances are more than the 51 trees"):
        training.share(51, 0, 60)


@pytest.fixture(scope="module")
def application(tmp_path_factory: pytest.TempPathFactory) -> serve.Application:
    root = tmp_path_factory.mktemp("ml")
    host(root, "algo-1", ["algo-1"], ROWS)
    train.main(root)
    return serve.Application(serve.load(root / "model"))


def ask(application: serve.Application, path: str, body: bytes = b"", **headers: str) -> tuple[str, str, bytes]:
    said: list[Any] = []
    environ = {"REQUEST_METHOD": "POST", "PATH_INFO": path, "wsgi.input": io.BytesIO(body), **headers}
    content = b"".join(application(environ, lambda status, given: said.extend((status, dict(given)))))
    return said[0], said[1]["Content-Type"], content


def test_requests(application: serve.Application) -> None:
    assert ask(application, "/ping")[0] == "200 OK"
    assert json.loads(ask(application, "/execution-parameters")[2])["BatchStrategy"] == "MULTI_RECORD"
    status, content_type, body = ask(application, "/invocations", b"0,0,0\n9,9,9\n", CONTENT_TYPE="text/csv")
    assert (status, content_type) == ("200 OK", "application/json")
    usual, unusual = (each["score"] for each in json.loads(body)["scores"])
    assert usual < unusual
    lines = ask(
        application, "/invocations", b'{"features": [9, 9, 9]}',
        CONTENT_TYPE="application/jsonlines", HTTP_ACCEPT="application/jsonlines",
    )  # fmt: skip
    assert json.loads(lines[2]) == {"score": unusual}
    assert ask(application, "/elsewhere")[0].startswith("404")


def test_what_it_refuses(application: serve.Application, tmp_path: Path) -> None:
    for headers in ({"CONTENT_TYPE": "text/csv", "HTTP_ACCEPT": "text/csv"}, {"CONTENT_TYPE": "image/png"}):
        assert ask(application, "/invocations", b"0,0,0\n", **headers)[0].startswith("400")
    for features in (b"9" * 400, b"9" * 5000, b"1e999", b"[" * 100_000):
        body = b'{"instances": [{"features": [0, 0, %s]}]}' % features
        assert ask(application, "/invocations", body, CONTENT_TYPE="application/json")[0].startswith("400")
    assert b"2 features" in ask(application, "/invocations", b"0,0\n", CONTENT_TYPE="text/csv")[2]
    with pytest.raises(SystemExit, match="holds no forest"):
        serve.main(tmp_path)
