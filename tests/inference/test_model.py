"""Loading an artefact: what is missing or broken is said; own code and own models take part."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from contract import documents, package
from contract.columns import Task
from contract.errors import InputError
from inference.decision import decide
from inference.model import load

MakeArtefact = Callable[[Task], Path]


@pytest.mark.parametrize("missing", [package.MODEL, package.PREPROCESSOR, package.DECISION])
def test_a_missing_part_is_named(artefact: MakeArtefact, missing: str) -> None:
    folder = artefact("binary")
    (folder / missing).unlink()
    with pytest.raises(InputError, match=Path(missing).name):
        load(folder)


def test_a_broken_model_is_said_to_be_none(artefact: MakeArtefact) -> None:
    folder = artefact("binary")
    (folder / package.MODEL).write_bytes(b"broken")
    with pytest.raises(InputError, match="is no XGBoost model"):
        load(folder)


def test_rows_alone_score_as_in_a_batch(artefact: MakeArtefact) -> None:
    model = load(artefact("multiclass"), threads=2)
    matrix = np.random.default_rng(1).normal(40, 30, (500, 3)).astype(np.float32)
    matrix[::7, 1] = np.nan
    batch = model.predict(matrix)
    assert all(
        np.array_equal(model.predict(row[np.newaxis])[0], whole) for row, whole in zip(matrix, batch, strict=True)
    )


def test_a_score_at_the_threshold_is_class_1(artefact: MakeArtefact) -> None:
    decision = load(artefact("binary")).decision
    assert list(decide(decision, np.array([0.4, np.nextafter(0.4, 0)]))) == ["yes", "no"]


def test_own_features_take_part(artefact: MakeArtefact) -> None:
    folder = artefact("binary")
    document = documents.read(folder / package.PREPROCESSOR)
    document["columns"]["derived_numeric"] = ["double"]
    document["features"].append({**document["features"][0], "column": "double"})
    documents.write(folder / package.PREPROCESSOR, document)
    with pytest.raises(InputError, match="takes 3 features and the preprocessor makes 4"):
        load(folder)
    (folder / "code").joinpath("predictor.py").write_text(
        "def load(model_dir):\n    return lambda matrix: matrix[:, 3]\n"
    )
    own = folder / "code" / "features.py"
    own.write_text("def features(columns):\n    return {'double': 2 * columns['age']}\n")
    record = {"age": "7", "income": 1500, "city": "Bern"}
    assert load(folder).encoder.encode(record).tolist() == [7, 1, 0, 14]
    own.write_text("def feature(columns):\n    return {}\n")
    with pytest.raises(InputError, match=r"features\.py has no function features"):
        load(folder)


def test_a_model_of_ones_own_answers_in_place_of_xgboost(artefact: MakeArtefact) -> None:
    folder = artefact("regression")
    (folder / package.MODEL).unlink()
    (folder / "code" / "predictor.py").write_text(
        "def load(model_dir):\n    assert (model_dir / 'code').is_dir()\n    return lambda matrix: matrix[:, 0] * 3\n"
    )
    model = load(folder)
    assert model.predict(np.array([[2, 0, 0]], np.float32)).tolist() == [6.0]


def test_serving_one_record_needs_neither_pandas_nor_arrow(artefact: MakeArtefact) -> None:
    program = (
        "import sys\n"
        "for name in ('pandas', 'pyarrow', 'sklearn', 'pydantic', 'boto3'): sys.modules[name] = None\n"
        "from inference.app import app\n"
        "import io\n"
        "body = b'61,1200.5,Bern'\n"
        "environ = {'REQUEST_METHOD': 'POST', 'PATH_INFO': '/invocations', 'CONTENT_TYPE': 'text/csv',\n"
        "           'CONTENT_LENGTH': str(len(body)), 'wsgi.input': io.BytesIO(body)}\n"
        "print(b''.join(app(environ, lambda status, headers: print(status))).decode())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], env={"SM_MODEL_DIR": str(artefact("binary"))}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("200 OK\nyes,0.")
