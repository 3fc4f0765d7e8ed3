"""An `analysis.json` held against an earlier one, as Clarify does it; the result is in Model Monitor's schema.

https://docs.aws.amazon.com/sagemaker/latest/dg/clarify-model-monitor-bias-drift-violations.html and
https://docs.aws.amazon.com/sagemaker/latest/dg/clarify-model-monitor-feature-attribution-drift.html
"""

from collections.abc import Iterator, Mapping
from math import isclose, isfinite
from typing import Any, TypeVar

import numpy as np
from sklearn.metrics import ndcg_score

from analysis.bias.groups import threshold_of
from analysis.fairness import RATIOS, SECTIONS
from analysis.figures import ROUNDING, figure, telling
from contract.documents import Document, kind_of
from contract.errors import InputError
from contract.findings import Finding
from contract.words import listed

#: The ranking of the columns by attribution has drifted below this nDCG.
LEAST_NDCG = 0.9

Key = tuple[str, str, str]
T = TypeVar("T", dict[str, Any], list[Any])


def checked(baseline: Document) -> Document:
    """An `analysis.json` as it was read. Raises InputError where it is not in Clarify's schema, or NaN."""
    list(_metrics(baseline))
    list(_shap(baseline))
    return baseline


def cuts(baseline: Document) -> dict[str, float | None]:
    """Facet → the threshold that parts its groups; None where they are compared by value."""
    names: dict[str, set[str]] = {}
    for (facet, value, _), _ in _metrics(baseline):
        names.setdefault(facet, set()).add(value)
    return {facet: threshold_of(*found) if len(found) == 1 else None for facet, found in names.items()}


def bias_violations(current: Document, baseline: Document) -> Document:
    """`constraint_violations.json`: each metric that is farther from its ideal than the baseline's.

    The ideal of DI is 1, of all others 0. A metric that is undefined now, or missing, and was defined before violates;
    one that the baseline has not, or has undefined, has nothing to be held against. A facet has one group above a
    threshold, which stays the same group when the threshold moves.
    """
    now = {_group(key): value for key, value in _metrics(current)}
    return {
        "version": 0,
        "violations": [
            {
                "facet": facet,
                "facet_value": value,
                "metric_name": name,
                "constraint_check_type": "bias_drift_check",
                "description": description,
            }
            for (facet, value, name), before in _metrics(baseline)
            if before is not None
            and (description := _farther(name, now.get(_group((facet, value, name))), before)) is not None
        ],
    }


def _group(key: Key) -> Key:
    """The key without the threshold."""
    facet, value, name = key
    return facet, value if threshold_of(value) is None else "above", name


def in_words(violation: Document) -> str:
    """One of the violations as a clause, with the group that it is about."""
    place = f"{violation['facet']} = {violation['facet_value']}" if "facet" in violation else violation["label"]
    return f"{violation['metric_name']} of {place}: {violation['description'].rstrip('.')}"


def judge(violations: Document) -> Finding:
    """Whether a `constraint_violations.json` is empty, and a clause that says so."""
    found = violations["violations"]
    if not found:
        return Finding(True, "nothing violates the analysis of the newest approved version")
    told = listed([in_words(each) for each in found], 1, str)
    return Finding(False, f"violates the analysis of the newest approved version: {told}")


def explanation_violations(current: Document, baseline: Document) -> Document:
    """`constraint_violations.json`: each label whose columns rank otherwise, nDCG below .9.

    Raises InputError when a label or a column of the baseline is missing.
    """
    found, explained = [], dict(_shap(current))
    for label, before in _shap(baseline):
        if label not in explained:
            raise InputError(f"The analysis explains no {label}; the baseline does.")
        if (score := ndcg(before, explained[label])) < LEAST_NDCG:
            found.append(_drifted(label, score))
    return {"version": 0, "violations": found}


def _drifted(label: str, score: float) -> Document:
    (told,) = telling(lambda numbers: numbers[0] < LEAST_NDCG, lambda more: (figure(score, more),))
    return {
        "label": label,
        "metric_name": "shap",
        "constraint_check_type": "feature_attribution_drift_check",
        "description": f"Feature attribution drift check failed: nDCG {told} is below {LEAST_NDCG}.",
    }


def ndcg(baseline: Mapping[str, float], current: Mapping[str, float]) -> float:
    """How well the columns' order by `current` attribution gains the `baseline` attribution, 0 to 1.

    Raises InputError when the columns differ.
    """
    if set(baseline) != set(current):
        differing = ", ".join(sorted(set(baseline) ^ set(current)))
        raise InputError(f"Analysis and baseline explain different columns ({differing}): make the baseline anew.")
    if len(baseline) < 2 or not any(baseline.values()):
        return 1.0
    gains = np.abs([baseline[name] for name in baseline])
    return float(ndcg_score([gains], [np.abs([current[name] for name in baseline])]))


def _metrics(document: Document) -> Iterator[tuple[Key, float | None]]:
    for section in (name for name in SECTIONS if name in document):
        facets = _of(dict, _of(dict, document[section], section).get("facets"), f"facets of {section}")
        for facet, groups in facets.items():
            for group in _of(list, groups, f"{section} of {facet}"):
                value = str(_of(dict, group, f"a group of {facet}").get("value_or_threshold"))
                for metric in _of(list, group.get("metrics"), f"metrics of {facet} = {value}"):
                    name = str(_of(dict, metric, f"a metric of {facet} = {value}").get("name"))
                    yield (facet, value, name), _figure(metric, f"{name} of {facet} = {value}")


def _shap(document: Document) -> Iterator[tuple[str, Mapping[str, float]]]:
    """Label → the attribution of each column."""
    explanations = _of(dict, document.get("explanations", {}), "explanations")
    for label, found in _of(dict, explanations.get("kernel_shap", {}), "kernel_shap").items():
        values = _of(dict, _of(dict, found, label).get("global_shap_values"), f"global_shap_values of {label}")
        for name, value in values.items():
            if _figure({"value": value}, f"{label} of {name}") is None:
                raise _unlike(f"{label} of {name}", None, "a number")
        yield label, values


def _of(kind: type[T], value: Any, place: str) -> T:
    """The value, when it is of the kind."""
    if not isinstance(value, kind):
        raise _unlike(place, value, "an object" if kind is dict else "an array")
    return value


def _figure(metric: Document, place: str) -> float | None:
    """The value of a metric, None where it is undefined."""
    value = metric.get("value", "")
    if value is None:
        return None
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise _unlike(place, metric.get("value"), "a number")
    if not isfinite(value):
        raise InputError(f"The analysis to be held against has {value} for {place}: make it anew.")
    return float(value)


def _unlike(place: str, value: Any, needed: str) -> InputError:
    return InputError(
        f"The analysis to be held against is not in Clarify's schema: {place} is a JSON {kind_of(value)}, "
        f"{needed} is needed; make it anew."
    )


def _farther(name: str, now: float | None, before: float) -> str | None:
    """Why the metric violates, None when it does not."""
    if now is None:
        return f"Metric {name} is undefined or missing; the baseline has {figure(before)}."
    ideal = 1.0 if name in RATIOS else 0.0
    far, known = abs(now - ideal), abs(before - ideal)
    if far <= known or isclose(far, known, rel_tol=ROUNDING, abs_tol=ROUNDING):
        return None
    texts = telling(
        lambda told: abs(told[0] - ideal) > abs(told[1] - ideal),
        lambda more: (figure(now, more), figure(before, more)),
    )
    return f"Value {texts[0]} is farther from {ideal:g} than the baseline's {texts[1]}."
