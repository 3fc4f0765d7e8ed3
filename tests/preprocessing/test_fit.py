"""The fitted document: statistics of the training rows alone, and the sentence for labels that cannot work."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import StandardScaler

from contract.documents import dumps
from contract.errors import InputError
from contract.preprocessor import Categorical, Numeric, Preprocessor
from preprocessing import statistics
from preprocessing.fit import fit
from tests.preprocessing.tables import build, read, sample, settings


@pytest.mark.parametrize("impute", ["mean", "median", "none"])
def test_numbers_are_scaled_as_scikit_learn_does(tmp_path: Path, impute: str) -> None:
    frame = sample(3000)
    frame.to_csv(tmp_path / "data.csv", index=False)
    built = build(tmp_path / "data.csv", settings(impute=impute, scale="standard"), tmp_path / "out")
    raw = built.raw
    training = frame[~frame["t"].isin(raw["t"])]  # still with the validation rows
    numeric = [f for f in built.fitted.preprocessor.features if isinstance(f, Numeric)]
    values = frame.loc[training.index, ["n", "m"]].to_numpy()
    assert np.allclose([f.mean for f in numeric], np.nanmean(values, axis=0), atol=0.1)
    standard = StandardScaler().fit_transform(built.encoded["train"][["n"]])
    assert np.allclose(standard, built.encoded["train"][["n"]], atol=1e-5)  # it is standardised already
    fills = [f.fill for f in numeric]
    assert fills == [None, None] if impute == "none" else None not in fills


def test_statistics_are_those_of_the_training_rows_and_no_others(tmp_path: Path) -> None:
    frame = sample(2000)
    frame.to_csv(tmp_path / "data.csv", index=False)
    chosen = settings(split={"by": "time"}, scale="standard")
    first = build(tmp_path / "data.csv", chosen, tmp_path / "1")
    training = frame.iloc[:1400]
    for feature in first.fitted.preprocessor.features:
        if isinstance(feature, Numeric):
            column = training[feature.column]
            assert feature.fill == pytest.approx(SimpleImputer(strategy="median").fit(column.to_frame()).statistics_[0])
            assert (feature.mean, feature.scale) == (pytest.approx(column.mean()), pytest.approx(column.std(ddof=0)))
        else:
            counts = training[feature.column].value_counts()
            assert feature.categories == tuple(sorted(counts.index, key=lambda text: (-counts[text], text)))
    frame.loc[1400:, ["n", "m"]] = 1e9
    frame.loc[1400:, ["c", "d"]] = "never seen"
    frame.to_csv(tmp_path / "data.csv", index=False)
    assert fit(tmp_path / "data.csv", chosen).preprocessor == first.fitted.preprocessor


def test_the_document_survives_its_text_and_every_run(tmp_path: Path) -> None:
    sample(500).to_csv(tmp_path / "data.csv", index=False)
    first, second = (fit(tmp_path / "data.csv", settings()).preprocessor for _ in range(2))
    assert dumps(first.to_document()) == dumps(second.to_document())
    assert Preprocessor.from_document(first.to_document()) == first


def test_rare_categories_count_as_unknown(tmp_path: Path) -> None:
    frame = sample(1000)
    frame.to_csv(tmp_path / "data.csv", index=False)
    [_, _, c, d] = fit(tmp_path / "data.csv", settings(min_count=20, max_categories=4)).preprocessor.features
    assert isinstance(c, Categorical)
    assert isinstance(d, Categorical)
    assert c.categories == ("red", "green", "blue")
    assert (len(d.categories), d.unknown, d.absent) == (4, 4.0, -1.0)
    built = build(tmp_path / "data.csv", settings(encoding="one_hot", min_count=20), tmp_path / "out")
    assert built.encoded["test"].filter(like="c=").sum(axis=1).to_numpy().tolist() == [
        0.0 if missing else 1.0 for missing in built.raw["c"].eq("")
    ]


def test_a_large_table_is_sampled_for_the_median(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statistics, "SAMPLE_ROWS", 1 << 12)
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"n": rng.normal(size=200_000), "y": rng.random(200_000) < 0.5})
    frame.to_parquet(tmp_path / "data.parquet")
    columns = {"numeric": ["n"], "categorical": [], "drop": [], "event_time": None, "positive": "true"}
    [feature] = fit(tmp_path, settings(columns=columns)).preprocessor.features
    assert isinstance(feature, Numeric)
    assert feature.fill == pytest.approx(0, abs=0.06)


@pytest.mark.parametrize(
    ("labels", "columns", "said"),
    [
        (["0"] * 9, {}, r"The label 'y' has one class only, '0' \(9 rows\)"),
        (["0", "1", "2"] * 3, {}, r"'y' has 3 values where a binary task needs two: '0' \(3 rows\), '1'"),
        (["0", "1", "0"] * 3, {"positive": "yes"}, r"'yes' is no label of 'y': '0' \(6 rows\), '1' \(3 rows\)"),
        (["0", "1", ""] * 3, {}, r"data.csv, line 4: the label 'y' is missing \(3 such rows"),
        (["1.5", "x", "2"] * 3, {"task": "regression"}, r"data.csv, line 3: the column 'y' holds 'x'"),
        (["1.5", "", "2"] * 3, {"task": "regression"}, r"data.csv, line 3: the label 'y' is missing"),
    ],
)
def test_labels_that_cannot_work(tmp_path: Path, labels: list[str], columns: dict[str, Any], said: str) -> None:
    sample(9).assign(y=labels).to_csv(tmp_path / "data.csv", index=False)
    with pytest.raises(InputError, match=said):
        fit(tmp_path / "data.csv", settings(columns=columns))


def test_numbers_that_cannot_be_read_are_named_with_file_line_and_column(tmp_path: Path) -> None:
    frame = sample(200).astype({"n": object})
    frame.loc[150, "n"] = "12,5"
    frame.to_csv(tmp_path / "data.csv", index=False)
    with pytest.raises(
        InputError, match=r"^data.csv, line 152: the column 'n' holds '12,5', which is not a finite number"
    ):
        fit(tmp_path / "data.csv", settings())


def test_classes_of_a_multiclass_task_stand_in_natural_order(tmp_path: Path) -> None:
    frame = sample(300).assign(y=[str(number) for number in [2, 10, 1] * 100])
    frame.to_csv(tmp_path / "data.csv", index=False)
    assert fit(tmp_path, settings(columns={"task": "multiclass", "positive": None})).preprocessor.classes == (
        "1",
        "2",
        "10",
    )


def test_warnings_name_what_gives_the_label_away(tmp_path: Path) -> None:
    frame = sample(2000)
    frame["leak"] = frame["y"] * 3.0 + np.random.default_rng(0).random(2000)
    frame["code"] = frame["y"].map({0: "no", 1: "yes"})
    frame["id"] = range(2000)
    frame["reference"] = [f"r{number}" for number in range(2000)]
    frame["empty"], frame["constant"] = None, 7
    frame.to_csv(tmp_path / "data.csv", index=False)
    columns = {
        "numeric": ["n", "m", "leak", "id", "empty", "constant"],
        "categorical": ["c", "d", "code", "reference"],
    }
    warnings = fit(tmp_path, settings(columns=columns)).findings["warnings"]
    assert {warning.split("'")[1] for warning in warnings} == {"leak", "id", "empty", "constant", "code", "reference"}
    assert [warning for warning in warnings if "'leak' alone predicts the label (AUC 1.000)" in warning]


def test_a_regression_is_warned_of_its_own_label(tmp_path: Path) -> None:
    frame = sample(2000)
    frame["y"] = np.random.default_rng(5).normal(size=2000)
    frame["twice"] = frame["y"] * 2
    frame.to_csv(tmp_path / "data.csv", index=False)
    columns = {"task": "regression", "numeric": ["n", "m", "twice"]}
    [warning] = fit(tmp_path, settings(columns=columns)).findings["warnings"]
    assert warning.startswith("The column 'twice' alone predicts the label (R²")


def test_validation_and_test_files_agree_with_the_findings(tmp_path: Path) -> None:
    sample(700).to_csv(tmp_path / "data.csv", index=False)
    built = build(tmp_path / "data.csv", settings(), tmp_path / "out")
    rows = built.fitted.findings["rows"]
    assert {side: rows[side] for side in built.encoded} == {side: len(part) for side, part in built.encoded.items()}
    assert rows["read"] == 700
    assert len(read(tmp_path / "out" / "test_raw")) == rows["test"]


def test_a_class_without_training_rows_is_refused(tmp_path: Path) -> None:
    frame = sample(300)
    frame["y"] = (np.arange(300) > 280).astype(int)
    frame.to_csv(tmp_path / "data.csv", index=False)
    with pytest.raises(InputError, match=r"No training row has the label '1' \(19 rows have it\)"):
        fit(tmp_path, settings(split={"by": "time"}))


def test_findings_count_the_classes_on_each_side(tmp_path: Path) -> None:
    frame = sample(1000)
    frame.to_csv(tmp_path / "data.csv", index=False)
    labels = fit(tmp_path, settings()).findings["labels"]
    assert {text: sum(sides.values()) for text, sides in labels.items()} == {
        str(value): int(count) for value, count in frame["y"].value_counts().items()
    }


def test_many_classes(tmp_path: Path) -> None:
    frame = sample(6000).assign(y=[f"class {number % 60}" for number in range(6000)])
    frame.to_csv(tmp_path / "data.csv", index=False)
    findings = fit(tmp_path, settings(columns={"task": "multiclass", "positive": None})).findings
    assert all(counts == {"train": 70, "validation": 15, "test": 15} for counts in findings["labels"].values())


def test_numbers_too_large_for_a_mean_are_named_only_where_a_mean_is_needed(tmp_path: Path) -> None:
    frame = sample(300)
    frame["n"] *= 1e300
    frame.to_csv(tmp_path / "data.csv", index=False)
    with pytest.raises(InputError, match="The column 'n' holds numbers too large"):
        fit(tmp_path, settings(scale="standard"))
    built = build(tmp_path / "data.csv", settings(), tmp_path / "out")
    assert np.isfinite(built.encoded["test"].to_numpy()).all()
