"""The boosting loop: which metric decides, and which way."""

import numpy as np
import pytest
import xgboost as xgb

from model_build.jobs.boosting import Stopping, Training, boost
from model_build.jobs.checkpoints import Checkpoints


@pytest.mark.parametrize("metric", ["error@0.5", "error@.70", "auc@3"])
def test_xgboost_has_names_of_its_own_for_metrics(metric: str) -> None:
    """It prints `error`, `error@0.7` and `auc` for them: the first one decides, whatever it is called."""
    chance = np.random.default_rng(0)
    features = chance.normal(size=(200, 3)).astype(np.float32)
    data = xgb.QuantileDMatrix(features, (features.sum(axis=1) > 0).astype(np.float32))
    parameters = [("objective", "binary:logistic"), ("eval_metric", metric), ("eval_metric", "logloss")]
    stopping, lines = Stopping(metric, 5), list[str]()
    boost(Training(parameters, data, data, seed=1, rounds=3), stopping, Checkpoints(None, ""), lines.append)
    assert stopping.best_line in lines
    assert f"{stopping.best_score:.5f}" == stopping.best_line.split("validation-")[1].split("\t")[0].split(":")[1]


@pytest.mark.parametrize(
    ("metric", "best"),
    [("auc", 1), ("aucpr", 1), ("map@2-", 1), ("ndcg-", 1), ("logloss", 2), ("mape", 2), ("error@0.7", 2)],
)
def test_more_or_less_is_better_by_the_metric(metric: str, best: int) -> None:
    stopping = Stopping(metric, None)
    for boosting_round, score in enumerate((0.5, 0.8, 0.2)):
        stopping.observe(boosting_round, score)
    assert stopping.best_round == best
