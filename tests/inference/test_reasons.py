"""Reasons: XGBoost's contributions, by raw column, in the order of their strength, and only when asked for."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import xgboost as xgb

from contract import package
from contract.columns import Task
from contract.preprocessor import Categorical
from inference import engine
from inference.model import Model, load
from inference.reasons import top
from inference.serving import Serving
from tests.inference.conftest import Client

ASK = {"HTTP_X_AMZN_SAGEMAKER_CUSTOM_ATTRIBUTES": "trace-id=1; reasons=2"}
BODY = "61,1200.5,Bern\n20,,nowhere\n"


def margins(model: Model, folder: Path, matrix: "np.ndarray") -> "np.ndarray":
    return xgb.Booster(model_file=bytearray((folder / package.MODEL).read_bytes())).inplace_predict(
        matrix, predict_type="margin"
    )


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_all_contributions_and_the_bias_are_the_margin(artefact: Callable[[Task], Path], task: Task) -> None:
    folder = artefact(task)
    model = load(folder)
    matrix = np.array([[61, 0.4, 0], [20, np.nan, 3], [33, -2, 1]], np.float32)
    scores = model.predict(matrix)
    sums = np.array([sum(value for _, value in reasons) for reasons in top(model, matrix, scores, 9)])
    margin = margins(model, folder, matrix)
    if task == "multiclass":
        margin = margin[np.arange(3), scores.argmax(axis=1)]
        same = scores.argmax(axis=1) == scores[0].argmax()  # the bias differs by class
        margin, sums = margin[same], sums[same]
    bias = margin - sums
    assert np.allclose(bias, bias[0], atol=1e-5)


def test_they_are_told_when_asked_for(client: Client) -> None:
    status, _, content = client.invoke(BODY, accept="application/json", **ASK)
    assert status == 200
    for answer, row in zip(
        json.loads(content)["predictions"], client.invoke(BODY, **ASK)[2].decode().splitlines(), strict=True
    ):
        told = [(reason["column"], reason["contribution"]) for reason in answer["reasons"]]
        assert len(told) == 2
        assert {column for column, _ in told} <= {"age", "income", "city"}
        assert abs(told[0][1]) >= abs(told[1][1])
        cells = row.split(",")
        assert [(cells[2], float(cells[3])), (cells[4], float(cells[5]))] == told
    assert "reasons" not in client.predictions([61, 1, "Bern"])[0]


def test_an_environment_asks_for_a_whole_job_and_a_request_overrules_it(client: Client) -> None:
    asked = replace(client, serving=Serving(reasons=1))
    assert len(asked.predictions([61, 1, "Bern"])[0]["reasons"]) == 1
    for number in ("99", "9" * 30, "9" * 5000):
        assert asked.invoke(BODY, **{**ASK, next(iter(ASK)): f"reasons={number}"})[0] == 200
    status, _, content = asked.invoke(BODY, **{**ASK, next(iter(ASK)): "reasons=0"})
    assert (status, content) == (200, client.invoke(BODY)[2])


def test_one_hot_features_are_summed_back_to_their_column(client: Client) -> None:
    model = client.model
    first, second, city = model.preprocessor.features
    assert isinstance(city, Categorical)
    hot = replace(model.preprocessor, features=(first, replace(city, encoding="one_hot"), second))
    values = np.array([[0.5, 1.0, -3.0, 0.25, 1.0]])
    other = replace(
        model, preprocessor=hot, engine=replace(engine.of_batches(lambda m: m[:, 0]), contributions=lambda _: values)
    )
    assert top(other, np.zeros((1, 5), np.float32), np.zeros(1), 3) == [
        [("city", -1.75), ("income", 1.0), ("age", 0.5)]
    ]


def test_a_model_that_gives_none_says_so(client: Client) -> None:
    own = replace(client, model=replace(client.model, engine=engine.of_batches(lambda matrix: matrix[:, 0] / 100)))
    status, _, content = own.invoke(BODY, **ASK)
    assert status == 400
    assert "gives no reasons" in json.loads(content)["error"]


def test_a_number_is_needed(client: Client) -> None:
    status, _, content = client.invoke(BODY, **{next(iter(ASK)): "reasons=many"})
    assert status == 400
    assert "'many'" in json.loads(content)["error"]
