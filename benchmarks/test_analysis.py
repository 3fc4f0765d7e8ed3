"""100,000 rows explained: the exact values of this room beside `shap`, on 200 trees of depth 6 and 30 columns."""

import time

import numpy as np
import pytest
import xgboost as xgb

from analysis.explanations.ensemble import parse
from analysis.explanations.tree_shap import TreeShap

ROWS, COLUMNS, TREES = 100_000, 30, 200
PEER_ROWS = 10_000


@pytest.mark.bench
@pytest.mark.timeout(900)
def test_a_hundred_thousand_rows_explained() -> None:
    generator = np.random.default_rng(0)
    matrix = generator.normal(size=(ROWS, COLUMNS)).astype(np.float32)
    labels = matrix[:, :5].sum(axis=1) + matrix[:, 0] * matrix[:, 1] + generator.normal(size=ROWS) > 0
    model = xgb.train({"objective": "binary:logistic", "max_depth": 6}, xgb.DMatrix(matrix, labels), TREES)
    baseline = matrix.mean(axis=0, keepdims=True)
    seconds = []
    for _ in range(2):
        start = time.perf_counter()
        explainer = TreeShap(parse(bytes(model.save_raw("json"))), baseline, np.arange(COLUMNS))
        values = explainer.values(matrix, threads=2)
        seconds.append(time.perf_counter() - start)
    margins = [model.predict(xgb.DMatrix(each), output_margin=True) for each in (matrix, baseline)]
    assert values.sum(axis=2)[:, 0] == pytest.approx(margins[0] - margins[1], abs=1e-3)

    shap = pytest.importorskip("shap", reason="shap is not installed")
    peer = shap.TreeExplainer(model, baseline, feature_perturbation="interventional")
    start = time.perf_counter()
    theirs = peer.shap_values(matrix[:PEER_ROWS])
    peer_rate = PEER_ROWS / (time.perf_counter() - start)
    assert values[:PEER_ROWS, 0] == pytest.approx(theirs, abs=1e-4)
    print(f"\n{'interventional TreeSHAP':32}{'rows/s':>10}")
    print(f"{'analysis, two threads':32}{ROWS / min(seconds):10,.0f}\n{'shap':32}{peer_rate:10,.0f}")
    assert min(seconds) <= 10
