"""The containers around SageMaker's Random Cut Forest answer together as one container alone would."""

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from contract import documents, package
from contract.columns import Columns
from contract.decision import Decision
from contract.preprocessor import Categorical, Numeric, Preprocessor, Split
from inference.application import Application, Contract
from inference.chain import Deciding, Encoding, csv_of, load_deciding, load_encoding
from inference.model import load
from inference.serving import Serving
from random_cut_forest import RandomCutForest, serving

RECORDS = [
    {"size": 1.5, "city": "Rome"},
    {"size": "0.1", "city": "Oslo"},
    {"size": None, "city": "Lima"},
    {"size": 1e9, "city": None},
]


@pytest.fixture
def artefact(tmp_path: Path) -> Path:
    """A forest in script mode; encoding and deciding find their parts in it as well."""
    columns = Columns("fraud", "binary", "yes", numeric=("size",), categorical=("city",))
    features = (Numeric("size", 0.3, 0.1, 1.7), Categorical("city", ("Rome", "Oslo"), "one_hot", -1.0, -1.0))
    split = Split("random", (), 0, {"": (0.6, 0.7)})
    preprocessor = Preprocessor(columns, features, ("no", "yes"), split)
    decision = Decision("binary", ("no", "yes"), 1.0, "fixed at 1", scale="anomaly")
    documents.write(tmp_path / package.PREPROCESSOR, preprocessor.to_document())
    documents.write(tmp_path / package.DECISION, decision.to_document())
    rows = np.random.default_rng(0).normal(size=(400, 3))
    RandomCutForest(num_trees=50, num_samples_per_tree=8, seed=1).fit(rows).save(tmp_path / package.FOREST)
    return tmp_path


def ask(app: Contract, body: bytes, content_type: str, accept: str | None = None) -> tuple[str, str, bytes]:
    """Status, content type and body of an answer."""
    said: list[Any] = []
    environ = {
        "REQUEST_METHOD": "POST", "PATH_INFO": "/invocations", "CONTENT_TYPE": content_type,
        "CONTENT_LENGTH": str(len(body)), "wsgi.input": io.BytesIO(body), **({"HTTP_ACCEPT": accept} if accept else {}),
    }  # fmt: skip
    content = b"".join(app(environ, lambda status, headers: said.extend((status, dict(headers)))))
    return said[0], said[1]["Content-Type"], content


@pytest.mark.parametrize("accept", ["application/json", "application/jsonlines"])
def test_the_chain_answers_as_one_container(artefact: Path, accept: str) -> None:
    settings = Serving(version=7)
    body = "".join(json.dumps(record) + "\n" for record in RECORDS).encode()
    alone = ask(Application(load(artefact), settings), body, "application/jsonlines", accept)
    assert alone[0] == "200 OK"

    status, content_type, features = ask(
        Encoding(load_encoding(artefact), settings), body, "application/jsonlines", accept
    )
    assert (status, content_type) == ("200 OK", "text/csv"), "whatever the client accepts, and without parameters"
    scores = RandomCutForest.load(artefact / package.FOREST).score(serving.parse(features, content_type))
    middle, between = serving.respond(scores, accept)
    assert ask(Deciding(load_deciding(artefact), settings), middle, between, accept) == alone


def test_all_digits_of_a_feature_travel() -> None:
    matrix = np.array([[0.1, 1 / 3, 1e-30], [3.4e38, -0.0, 16777217.0]], dtype=np.float32)
    read = serving.parse(csv_of(matrix), "text/csv")
    assert np.array_equal(np.asarray(read, dtype=np.float64), matrix.astype(np.float64))


@pytest.mark.parametrize(
    ("body", "content_type", "status", "words"),
    [
        (b'{"size": 1}', "application/json", "400", "city"),
        (b"1,Rome,3\n", "text/csv", "400", "3 values where 2"),
        (b"x,Rome\n1,Rome\n", "text/csv", "400", "not a finite number"),
        (b"1,Rome\n", "image/png", "415", "content type"),
    ],
)
def test_the_first_container_refuses(artefact: Path, body: bytes, content_type: str, status: str, words: str) -> None:
    """In a transform job as well: the algorithm behind it cannot pass a bad record by."""
    found = ask(Encoding(load_encoding(artefact), Serving(batch=True)), body, content_type)
    assert found[0].startswith(status)
    assert words in json.loads(found[2])["error"]


NO_SCORES = {
    "empty": (b"{}", "application/json"),
    "numbers": (b'{"scores": [1]}', "application/json"),
    "lists": (b'{"scores": [{"score": [1, 2]}]}', "application/json"),
    "not_a_number": (b'{"score": NaN}', "application/jsonlines"),
    "beyond_float64": (b'{"score": %s}' % (b"9" * 400), "application/jsonlines"),
    "thousands_of_digits": (b'{"score": %s}' % (b"9" * 5000), "application/jsonlines"),
    "deep": (b"[" * 100_000, "application/json"),
    "csv": (b"1.5\n", "text/csv"),
    "no_type": (b"x", ""),
}


@pytest.mark.parametrize("name", NO_SCORES)
def test_the_last_container_refuses_what_are_no_scores(artefact: Path, name: str) -> None:
    body, content_type = NO_SCORES[name]
    status, _, reason = ask(Deciding(load_deciding(artefact), Serving()), body, content_type)
    assert status.startswith("400")
    assert "cores" in json.loads(reason)["error"]


def test_a_forest_of_another_preprocessor_is_refused(artefact: Path) -> None:
    rows = np.random.default_rng(0).normal(size=(400, 2))
    RandomCutForest(num_trees=50, num_samples_per_tree=8).fit(rows).save(artefact / package.FOREST)
    with pytest.raises(Exception, match="takes 2 features and the preprocessor makes 3"):
        load(artefact)
