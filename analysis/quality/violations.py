"""`constraint_violations.json`: statistics of later rows held against constraints and statistics of a baseline.

The kinds of checks are Model Monitor's. A negative value where the baseline has none is told as a `data_type_check`,
the nearest of them.

https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-interpreting-violations.html
"""

from collections.abc import Callable, Iterator, Mapping

from analysis.figures import figure, telling
from analysis.quality import distances
from analysis.quality.statistics import completeness
from contract.documents import Document
from contract.errors import InputError

Check = Callable[[Document, Document, Document | None, Document], Iterator[tuple[str, str]]]


def violations(current: Document, constraints: Document, baseline: Document) -> Document:
    """The document. `current` and `baseline` are statistics.

    Raises InputError when the constraints name an unknown method of comparison.
    """
    now, before = _by_name(current), _by_name(baseline)
    expected = _by_name(constraints)
    settings = constraints["monitoring_config"]
    found = [_violation(name, "missing_column_check", "The column is missing.") for name in expected if name not in now]
    found += [
        _violation(name, "extra_column_check", "The baseline does not have this column.")
        for name in now
        if name not in expected
    ]
    if settings["evaluate_constraints"] == "Enabled":
        for name in (name for name in expected if name in now):
            own = settings | expected[name].get("monitoringConfigOverrides", {})
            told = (check(now[name], expected[name], before.get(name), own) for check in CHECKS)
            found += [_violation(name, kind, text) for each in told for kind, text in each]
    return {"version": 0, "violations": found}


def drift(current: Document, baseline: Document, settings: Document) -> tuple[float, bool, str] | None:
    """Distance of two features of `statistics.json`, whether that is a drift, and the comparison in words.

    None when a side has no values or the sides are of different kinds. For chi-squared the distance is the p-value,
    which drifts when it is low. Raises InputError for an unknown method.
    """
    rules = settings["distribution_constraints"]
    sides = [_sketch(each) for each in (current, baseline)]
    if all(sides):
        sizes = [each["numerical_statistics"]["common"]["num_present"] for each in (current, baseline)]
        distance = distances.linf_simple(sides[0] or [], sides[1] or [])
        distance = _corrected(distance, sizes, rules["comparison_method"])
        limit = rules["comparison_threshold"]
        return distance, distance > limit, _against("distance", distance, limit)
    counts = [_counts(each) for each in (current, baseline)]
    if not all(counts):
        return None
    limit = rules.get("categorical_comparison_threshold", rules["comparison_threshold"])
    method = rules.get("categorical_drift_method", "LInfinity")
    if method == "ChiSquared":
        value = distances.chi_squared(*counts)
        return value, value < limit, _against("p-value", value, limit)
    if method != "LInfinity":
        raise InputError(f"The categorical drift method is {method!r}; it is LInfinity or ChiSquared.")
    distance = distances.categorical_linf(*counts)
    distance = _corrected(distance, [sum(each.values()) for each in counts], rules["comparison_method"])
    return distance, distance > limit, _against("distance", distance, limit)


def _against(name: str, value: float, limit: float) -> str:
    """The comparison in words, with the digits that it turns on."""
    (told,) = telling(
        lambda numbers: (numbers[0] > limit, numbers[0] < limit) == (value > limit, value < limit),
        lambda more: (figure(value, more),),
    )
    return f"{name} {told} against the threshold {limit:g}"


def _corrected(distance: float, sizes: list[int], method: str) -> float:
    if method not in ("Simple", "Robust"):
        raise InputError(f"The comparison method is {method!r}; it is Simple or Robust.")
    return distances.robust(distance, *sizes) if method == "Robust" else distance


def _type(now: Document, expected: Document, _: Document | None, __: Document) -> Iterator[tuple[str, str]]:
    found, wanted = now["inferred_type"], expected["inferred_type"]
    if "Unknown" in (found, wanted) or found == wanted or (found, wanted) == ("Integral", "Fractional"):
        return
    yield "data_type_check", f"The type is {found}, the baseline's is {wanted}."


def _complete(now: Document, expected: Document, _: Document | None, __: Document) -> Iterator[tuple[str, str]]:
    found, wanted = completeness(now), expected["completeness"]
    if found < wanted:
        told = telling(
            lambda numbers: numbers[0] < numbers[1],
            lambda more: (f"{100 * found:.{2 + more}f}", f"{100 * wanted:.{2 + more}f}"),
        )
        yield "completeness_check", f"{told[0]}% of the rows have a value, the baseline has {told[1]}%."


def _domain(now: Document, expected: Document, _: Document | None, settings: Document) -> Iterator[tuple[str, str]]:
    domain = expected.get("string_constraints", {}).get("domains")
    counts = _counts(now)
    if not domain or not counts:
        return
    known = sum(count for value, count in counts.items() if value in set(domain)) / sum(counts.values())
    if known < settings["domain_content_threshold"]:
        new = ", ".join(sorted(set(counts) - set(domain))[:5])
        yield "categorical_values_check", f"{known:.2%} of the values are the baseline's; new are {new}."


def _sign(now: Document, expected: Document, _: Document | None, __: Document) -> Iterator[tuple[str, str]]:
    least = now.get("numerical_statistics", {}).get("min")
    if expected.get("num_constraints", {}).get("is_non_negative") and least is not None and least < 0:
        yield "data_type_check", f"The baseline has no negative values, the least is {least:g}."


def _drifted(now: Document, _: Document, before: Document | None, settings: Document) -> Iterator[tuple[str, str]]:
    rules = settings["distribution_constraints"]
    found = drift(now, before, settings) if before and rules["perform_comparison"] == "Enabled" else None
    if found and found[1]:
        yield "baseline_drift_check", f"The distribution has drifted: {found[2]}."


CHECKS: tuple[Check, ...] = (_type, _complete, _domain, _sign, _drifted)


def _sketch(feature: Document) -> list[list[float]] | None:
    kll = feature.get("numerical_statistics", {}).get("distribution", {}).get("kll")
    return kll["sketch"]["data"] if kll else None


def _counts(feature: Document) -> dict[str, int]:
    buckets = feature.get("string_statistics", {}).get("distribution", {}).get("categorical", {}).get("buckets", [])
    return {bucket["value"]: bucket["count"] for bucket in buckets}


def _by_name(document: Document) -> Mapping[str, Document]:
    return {feature["name"]: feature for feature in document["features"]}


def _violation(name: str, kind: str, description: str) -> Document:
    return {"feature_name": name, "constraint_check_type": kind, "description": description}
