"""Statistics, constraints and violations: against numpy, against scipy, and on real rows that do not drift."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import ks_2samp

from analysis.quality import distances, profile
from analysis.quality.profile import Profile
from analysis.quality.statistics import constraints, sketch, statistics
from analysis.quality.violations import drift, violations
from contract import documents
from contract.documents import Document
from contract.errors import InputError

GENERATOR = np.random.default_rng(0)


def of(batches: list[dict[str, np.ndarray]]) -> Document:
    summed = Profile()
    for batch in batches:
        summed.add(batch)
    return statistics(summed)


def numbers(values: np.ndarray) -> Document:
    return of([{"n": np.asarray(values, dtype=np.float64)}])


def texts(*values: str | None) -> Document:
    return of([{"t": np.array(values, dtype=object)}])


def kinds(current: Document, baseline: Document, **overrides: object) -> list[str]:
    wanted = constraints(baseline)
    rules = wanted["monitoring_config"]["distribution_constraints"] | overrides
    wanted["monitoring_config"] = wanted["monitoring_config"] | {"distribution_constraints": rules}
    return [each["constraint_check_type"] for each in violations(current, wanted, baseline)["violations"]]


def test_batches_give_what_numpy_gives() -> None:
    values = GENERATOR.normal(1e6, 1, 1000)
    values[::7] = np.nan
    [feature] = of([{"n": part} for part in np.array_split(values, 9)])["features"]
    found, present = feature["numerical_statistics"], values[~np.isnan(values)]
    assert found["common"] == {"num_present": len(present), "num_missing": 1000 - len(present)}
    assert found["mean"] == pytest.approx(present.mean(), rel=1e-12)
    assert found["std_dev"] == pytest.approx(present.std(), rel=1e-9)
    buckets = found["distribution"]["kll"]["buckets"]
    counts, edges = np.histogram(present, 10)
    assert [bucket["count"] for bucket in buckets] == counts.tolist()
    assert [bucket["lower_bound"] for bucket in buckets] == pytest.approx(edges[:-1])
    documents.dumps(feature)


@pytest.mark.parametrize("far", [1e308, -1e308, 1e39])
def test_a_number_beyond_float32_counts_as_the_largest(far: float) -> None:
    values = np.array([1.0, 2.0, far, far])
    [feature] = of([{"n": values[:3]}, {"n": values[3:]}])["features"]
    documents.dumps(feature)
    found = feature["numerical_statistics"]
    most = np.sign(far) * float(np.finfo(np.float32).max)
    assert most in (found["min"], found["max"])
    assert found["mean"] == pytest.approx(most / 2)
    assert found["std_dev"] == pytest.approx(abs(most) / 2)
    assert sum(bucket["count"] for bucket in found["distribution"]["kll"]["buckets"]) == 4


def test_a_column_of_many_texts_has_no_domain() -> None:
    few, many = ([f"t{index}" for index in range(count)] for count in (100, 101))
    [at_most], [beyond] = (constraints(texts(*each))["features"] for each in (few, many))
    assert len(at_most["string_constraints"]["domains"]) == 100
    assert "string_constraints" not in beyond


def test_beyond_the_limit_a_uniform_sample_stands_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(profile, "KEPT", 2000)
    values = np.arange(50_000.0)
    [feature] = of([{"n": part} for part in np.array_split(values, 20)])["features"]
    found = feature["numerical_statistics"]
    assert (found["min"], found["max"], found["mean"]) == (0, 49_999, pytest.approx(values.mean()))
    counts = [bucket["count"] for bucket in found["distribution"]["kll"]["buckets"]]
    assert counts == pytest.approx([5000] * 10, rel=0.25)
    weights = sum(2**height * len(level) for height, level in enumerate(found["distribution"]["kll"]["sketch"]["data"]))
    assert weights == 50_000


@given(st.integers(1, 100_000))
@settings(max_examples=60)
def test_the_weights_of_a_sketch_add_up(count: int) -> None:
    levels = sketch(np.sort(GENERATOR.random(min(count, 5000))), count)
    assert sum(2**height * len(level) for height, level in enumerate(levels)) == count
    assert len(levels[-1]) <= 2048


def test_distance_is_kolmogorovs() -> None:
    first, second = GENERATOR.normal(size=700), GENERATOR.normal(0.4, 1, size=900)
    expected = ks_2samp(first, second).statistic
    assert distances.linf_simple([sorted(first)], [sorted(second)]) == pytest.approx(expected)
    long = np.sort(GENERATOR.normal(size=300_000))
    assert distances.linf_simple(sketch(long, len(long)), [long.tolist()]) < 0.002
    assert distances.robust(0.5, 100, 100) == pytest.approx(0.5 - 1.8 * np.sqrt(0.02))
    assert distances.robust(0.1, 100, 100) == 0
    assert distances.categorical_linf({"a": 3, "b": 1}, {"a": 1, "c": 1}) == 0.5
    assert distances.chi_squared({"a": 50, "b": 50}, {"a": 5, "b": 95}) < 1e-9
    assert distances.chi_squared({"a": 50}, {"a": 5}) == 1


@pytest.mark.parametrize(
    ("current", "baseline", "expected"),
    [
        (numbers(np.arange(100)), numbers(np.arange(100)), []),
        (numbers(np.arange(100) + 0.5), numbers(np.arange(100)), ["data_type_check"]),
        (numbers(np.arange(100)), numbers(np.arange(100) + 0.5), []),
        (numbers(np.arange(100) + 80), numbers(np.arange(100)), ["baseline_drift_check"]),
        (numbers(np.append(np.arange(99), np.nan)), numbers(np.arange(100)), ["completeness_check"]),
        (numbers(np.arange(100) - 1), numbers(np.arange(100)), ["data_type_check"]),
        (texts(*"ab" * 50, "c"), texts(*"ab" * 50), ["categorical_values_check"]),
        (texts(*"a" * 90, *"b" * 10), texts(*"ab" * 50), ["baseline_drift_check"]),
        (texts(*"ab"), numbers(np.arange(3)), ["missing_column_check", "extra_column_check"]),
        (numbers(np.full(3, np.nan)), numbers(np.arange(3)), ["completeness_check"]),
    ],
)
def test_each_check(current: Document, baseline: Document, expected: list[str]) -> None:
    assert kinds(current, baseline) == expected


def test_descriptions_have_the_digits_that_they_turn_on() -> None:
    baseline = texts(*"a" * 50_000)
    [found] = violations(texts(*"a" * 49_999, None), constraints(baseline), baseline)["violations"]
    assert found["description"] == "99.998% of the rows have a value, the baseline has 100.000%."
    rules = constraints(baseline)["monitoring_config"]["distribution_constraints"] | {"comparison_method": "Simple"}
    [even, odd] = (texts(*"a" * 500, *"b" * 500), texts(*"a" * 40_001, *"b" * 59_999))
    _, drifted, words = drift(odd["features"][0], even["features"][0], {"distribution_constraints": rules}) or (
        0,
        0,
        "",
    )
    assert not drifted
    assert words == "distance 0.09999 against the threshold 0.1"


def test_methods_of_comparison() -> None:
    current, baseline = texts(*"a" * 60, *"b" * 40), texts(*"ab" * 50)
    assert kinds(current, baseline) == []
    assert kinds(current, baseline, comparison_method="Simple", categorical_comparison_threshold=0.05) == [
        "baseline_drift_check"
    ]
    few, many = texts(*"a" * 6, *"b" * 4), texts(*"a" * 600, *"b" * 400)
    chi = {"categorical_drift_method": "ChiSquared", "categorical_comparison_threshold": 0.05}
    assert kinds(few, baseline, **chi) == []
    assert kinds(many, texts(*"ab" * 500), **chi) == ["baseline_drift_check"]
    with pytest.raises(InputError, match="Simple or Robust"):
        kinds(numbers(np.arange(3)), numbers(np.arange(3)), comparison_method="x")
    with pytest.raises(InputError, match="LInfinity or ChiSquared"):
        kinds(current, baseline, categorical_drift_method="x")


def test_a_column_keeps_its_kind() -> None:
    summed = Profile()
    summed.add({"n": np.arange(2.0)})
    with pytest.raises(InputError, match="numeric in one batch"):
        summed.add({"n": np.array(["a"], dtype=object)})
    with pytest.raises(InputError, match="differ in their columns"):
        summed.add({"m": np.arange(2.0)})


def test_halves_of_telco_do_not_drift(data: Path) -> None:
    table = pd.read_csv(data / "telco_churn" / "Telco-Customer-Churn.csv").drop(columns="customerID")
    table["TotalCharges"] = pd.to_numeric(table["TotalCharges"], errors="coerce")
    shuffled = table.sample(frac=1, random_state=0)

    def side(start: int) -> Document:
        part = shuffled.iloc[start::2]
        return of(
            [
                {
                    name: part[name].to_numpy(dtype=np.float64 if part[name].dtype.kind in "if" else object)
                    for name in part
                }
            ]
        )

    assert set(kinds(side(0), side(1))) <= {"completeness_check"}
