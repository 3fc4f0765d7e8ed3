"""The stand-in for Clarify's image: settings and a dataset in, documents in Clarify's schema out."""

import json
import sys
import tarfile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.conftest import ROOT

sys.path.append(str(ROOT / "containers"))  # as the image's table has it: modules beside each other
from clarify_stand_in import run

#: A model that likes a high income, and says nothing else: 1 from 50 on.
MODEL = """
import json
def app(environ, start_response):
    records = json.loads(environ["wsgi.input"].read())
    scores = [float(record["income"]) / 100 for record in records]
    start_response("200 OK", [])
    lines = [{"decision": "yes" if score >= 0.5 else "no", "score": score} for score in scores]
    return [("\\n".join(map(json.dumps, lines)) + "\\n").encode()]
"""
CHECK: dict[str, Any] = {"environment": {"SAGEMAKER_SERVING_MODULE": "model:app", "PYTHONPATH": "{model}/code"}}
PREDICTOR = {
    "content_type": "application/json",
    "accept_type": "application/jsonlines",
    "content_template": "$records",
    "record_template": "$features_kvp",
}
BIAS: dict[str, Any] = {
    "dataset_type": "application/x-parquet",
    "label": "bought",
    "label_values_or_threshold": ["yes"],
    "facet": [{"name_or_index": "sex"}],
    "excluded_columns": ["sex"],
}
#: 10 women, of whom 2 are decided for, and 10 men, of whom 4 are.
ROWS: dict[str, list[Any]] = {
    "income": [90.0] * 2 + [10.0] * 8 + [90.0] * 4 + [10.0] * 6,
    "city": ["A", "B"] * 10,
    "sex": ["f"] * 10 + ["m"] * 10,
    "bought": (["yes"] * 5 + ["no"] * 5) * 2,
}


@pytest.fixture
def ml(tmp_path: Path) -> Path:
    """/opt/ml with the dataset and the model."""
    for name in ("data", "config", "model"):
        (tmp_path / "processing/input" / name).mkdir(parents=True)
    pq.write_table(pa.table(ROWS), tmp_path / "processing/input/data/rows.parquet")
    code = tmp_path / "model.py"
    code.write_text(MODEL)
    with tarfile.open(tmp_path / "processing/input/model/model.tar.gz", "w:gz") as tar:
        tar.add(code, "code/model.py")
    return tmp_path


def analyse(ml: Path, monkeypatch: pytest.MonkeyPatch, config: dict[str, Any], **check: Any) -> dict[str, Any]:
    (ml / "processing/input/config/analysis_config.json").write_text(json.dumps(config))
    monkeypatch.setenv("CHECK", json.dumps(CHECK | check))
    run.main(ml)
    found: dict[str, Any] = json.loads((ml / "processing/output/analysis.json").read_text())
    return found


def metric(section: dict[str, Any], name: str) -> Any:
    (group,) = (group for group in section["facets"]["sex"] if group["value_or_threshold"] == "f")
    return next(one["value"] for one in group["metrics"] if one["name"] == name)


def test_bias_before_and_after_training(ml: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    methods = {"pre_training_bias": {"methods": "all"}, "post_training_bias": {"methods": ["DI", "DPPL"]}}
    found = analyse(ml, monkeypatch, {**BIAS, "predictor": {**PREDICTOR, "label": "decision"}, "methods": methods})
    before, after = found["pre_training_bias_metrics"], found["post_training_bias_metrics"]
    assert (metric(before, "CI"), metric(before, "DPL")) == (0, 0)
    assert metric(after, "DI") == pytest.approx(0.2 / 0.4)
    assert [one["name"] for one in after["facets"]["sex"][0]["metrics"]] == ["DI", "DPPL"]
    assert not (ml / "processing/output/constraint_violations.json").exists()


def test_explanations_add_up(ml: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    predictor = {**PREDICTOR, "label": "score"}
    config = {"dataset_type": BIAS["dataset_type"], "label": "bought", "excluded_columns": ["sex"],
              "predictor": predictor, "methods": {"shap": {"agg_method": "mean_abs", "seed": 1}}}  # fmt: skip
    (explained,) = analyse(ml, monkeypatch, config)["explanations"]["kernel_shap"].values()
    values, mean = explained["global_shap_values"], sum(ROWS["income"]) / 20
    assert explained["expected_value"] == pytest.approx(mean / 100)
    assert values["city"] == pytest.approx(0)
    assert values["income"] == pytest.approx(sum(abs(float(x) - mean) for x in ROWS["income"]) / 2000)
    lines = (ml / "processing/output/explanations_shap/out.csv").read_text().splitlines()
    assert (lines[0], len(lines)) == ("income_label0,city_label0", 21)


@pytest.mark.parametrize("fails", [True, False], ids=["fails", "tells"])
def test_what_is_worse_than_the_baseline_violates(ml: Path, monkeypatch: pytest.MonkeyPatch, fails: bool) -> None:
    methods = {"post_training_bias": {"methods": ["DI"]}}
    config = {**BIAS, "predictor": {**PREDICTOR, "label": "decision"}, "methods": methods}
    better = analyse(ml, monkeypatch, config)
    for group in better["post_training_bias_metrics"]["facets"]["sex"]:
        group["metrics"][0]["value"] = 0.9
    (ml / "processing/input/baseline").mkdir()
    (ml / "processing/input/baseline/analysis.json").write_text(json.dumps(better))
    if fails:
        with pytest.raises(SystemExit, match="2 violations of the baseline, first DI"):
            analyse(ml, monkeypatch, config, fail_on_violation=True)
        assert "DI" in (ml / "output/message").read_text()
    else:
        analyse(ml, monkeypatch, config, fail_on_violation=False)
    told = json.loads((ml / "processing/output/constraint_violations.json").read_text())
    assert [one["constraint_check_type"] for one in told["violations"]] == ["bias_drift_check"] * 2


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"label": "absent"}, "The label 'absent' is no column"),
        ({"facet": [{"name_or_index": "age"}]}, "The facet 'age' is no column"),
        ({"dataset_type": "text/csv"}, "dataset_type 'text/csv' is not supported"),
        ({"predictor": {**PREDICTOR, "content_type": "text/csv"}}, "predictor.content_type is 'text/csv'"),
        ({"predictor": {**PREDICTOR, "label": "other"}}, "has no member 'other'"),
        ({"methods": {"pdp": {}}}, "The method pdp is not supported"),
    ],
    ids=["label", "facet", "dataset", "requests", "answers", "method"],
)
def test_what_makes_no_sense_is_a_sentence(
    ml: Path, monkeypatch: pytest.MonkeyPatch, changed: dict[str, Any], sentence: str
) -> None:
    config = {**BIAS, "predictor": {**PREDICTOR, "label": "decision"},
              "methods": {"post_training_bias": {"methods": "all"}}, **changed}  # fmt: skip
    with pytest.raises(SystemExit, match=sentence):
        analyse(ml, monkeypatch, config)
    assert sentence in (ml / "output/message").read_text()
