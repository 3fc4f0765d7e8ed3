"""A small artefact of each kind, made with XGBoost alone."""

import io
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from wsgiref.validate import validator

import numpy as np
import pytest
import xgboost as xgb

from contract import documents, package
from contract.columns import Columns, Task
from contract.decision import Decision
from contract.preprocessor import Categorical, Numeric, Preprocessor, Split
from inference.application import Application
from inference.model import Model, load
from inference.serving import Serving

COLUMNS = {"numeric": ("age", "income"), "categorical": ("city",), "drop": ("id",)}
CLASSES: dict[Task, tuple[str, ...]] = {
    "binary": ("no", "yes"),
    "multiclass": ("low", "middle", "high"),
    "regression": (),
}
OBJECTIVES: dict[Task, dict[str, Any]] = {
    "binary": {"objective": "binary:logistic"},
    "multiclass": {"objective": "multi:softprob", "num_class": 3},
    "regression": {"objective": "reg:squarederror"},
}


def write_artefact(folder: Path, task: Task) -> Path:
    """An unpacked model.tar.gz."""
    columns = Columns(label="bought", task=task, positive="yes" if task == "binary" else None, **COLUMNS)
    features = (
        Numeric("age", fill=40.0, mean=0.0, scale=1.0),
        Numeric("income", fill=None, mean=1000.0, scale=500.0),
        Categorical("city", ("Bern", "Basel, BS", "Zürich"), "ordinal", unknown=3.0, absent=-1.0),
    )
    document = Preprocessor(columns, features, CLASSES[task], Split("random", (), 0, {"": (0.7, 0.85)}))
    documents.write(folder / package.PREPROCESSOR, document.to_document())
    threshold = 0.4 if task == "binary" else None
    documents.write(folder / package.DECISION, Decision(task, CLASSES[task], threshold).to_document())
    generator = np.random.default_rng(0)
    matrix = np.column_stack(
        [generator.integers(18, 90, 300), generator.normal(size=300), generator.integers(-1, 4, 300)]
    )
    labels = (matrix[:, 0] > 50).astype(float) + (0 if task == "binary" else matrix[:, 2] > 1)
    booster = xgb.train(OBJECTIVES[task] | {"nthread": 1}, xgb.DMatrix(matrix.astype(np.float32), labels), 10)
    (folder / package.MODEL).write_bytes(booster.save_raw("ubj"))
    return folder


@pytest.fixture
def artefact(tmp_path: Path) -> Callable[[Task], Path]:
    return lambda task: write_artefact(tmp_path / task, task)


@dataclass(frozen=True)
class Client:
    """Calls the application as gunicorn does, through a validator of the WSGI contract."""

    model: Model
    serving: Serving = field(default_factory=Serving)

    def __call__(self, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, str, bytes]:
        """Status, content type and body."""
        environ = {
            "REQUEST_METHOD": method, "PATH_INFO": path, "SCRIPT_NAME": "", "QUERY_STRING": "",
            "SERVER_NAME": "localhost", "SERVER_PORT": "8080", "SERVER_PROTOCOL": "HTTP/1.1",
            "CONTENT_LENGTH": str(len(body)), "wsgi.version": (1, 0), "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body), "wsgi.errors": io.StringIO(),
            "wsgi.multithread": False, "wsgi.multiprocess": True, "wsgi.run_once": False,
        } | headers  # fmt: skip
        started: list[Any] = []
        result = validator(Application(self.model, self.serving))(environ, lambda *arguments: started.append(arguments))
        content = b"".join(result)
        result.close()
        fields = dict(started[0][1])
        assert fields["Content-Length"] == str(len(content))
        return int(started[0][0].split()[0]), fields["Content-Type"], content

    def invoke(
        self, body: str | bytes, content_type: str = "text/csv", accept: str = "*/*", **headers: str
    ) -> tuple[int, str, bytes]:
        content = body.encode() if isinstance(body, str) else body
        return self("POST", "/invocations", content, CONTENT_TYPE=content_type, HTTP_ACCEPT=accept, **headers)

    def predictions(self, body: Any) -> list[dict[str, Any]]:
        status, _, content = self.invoke(json.dumps(body), "application/json")
        assert status == 200, content
        return json.loads(content)["predictions"]


@pytest.fixture
def client(artefact: Callable[[Task], Path]) -> Client:
    return Client(load(artefact("binary")))
