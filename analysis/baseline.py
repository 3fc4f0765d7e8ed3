"""An `analysis.json` held against an earlier one, as Clarify does it; the result is in Model Monitor's schema.

https://docs.aws.amazon.com/sagemaker/latest/dg/clarify-model-monitor-bias-drift-violations.html and
https://docs.aws.amazon.com/sagemaker/latest/dg/clarify-model-monitor-feature-attribution-drift.html
"""

from collections.abc import Iterator, Mapping

import numpy as np
from sklearn.metrics import ndcg_score

from analysis.fairness import RATIOS, SECTIONS
from contract.documents import Document
from contract.errors import InputError
from contract.findings import Finding

#: The ranking of the columns by attribution has drifted below this nDCG.
LEAST_NDCG = 0.9

Key = tuple[str, str, str]


def bias_violations(current: Document, baseline: Document) -> Document:
    """`constraint_violations.json`: each metric that is farther from its ideal than the baseline's.

    The ideal of DI is 1, of all others 0. A metric that is undefined now, or missing, and was defined before violates;
    one that the baseline has not, or has undefined, has nothing to be held against.
    """
    now = dict(_metrics(current))
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
            if before is not None and (description := _farther(name, now.get((facet, value, name)), before)) is not None
        ],
    }


def in_words(violation: Document) -> str:
    """One of the violations as a clause, with the group that it is about."""
    place = f"{violation['facet']} = {violation['facet_value']}" if "facet" in violation else violation["label"]
    return f"{violation['metric_name']} of {place}: {violation['description'].rstrip('.')}"


def judge(violations: Document) -> Finding:
    """Whether a `constraint_violations.json` is empty, and a clause that says so."""
    found = violations["violations"]
    if not found:
        return Finding(True, "nothing violates the analysis of the newest approved version")
    more = f" and {len(found) - 1} more" if len(found) > 1 else ""
    return Finding(False, f"violates the analysis of the newest approved version: {in_words(found[0])}{more}")


def explanation_violations(current: Document, baseline: Document) -> Document:
    """`constraint_violations.json`: each label whose columns rank otherwise, nDCG below .9.

    Raises InputError when a label or a column of the baseline is missing.
    """
    found = []
    for label, before in _shap(baseline).items():
        now = _shap(current).get(label)
        if now is None:
            raise InputError(f"The analysis explains no {label}; the baseline does.")
        score = ndcg(before["global_shap_values"], now["global_shap_values"])
        if score < LEAST_NDCG:
            found.append(
                {
                    "label": label,
                    "metric_name": "shap",
                    "constraint_check_type": "feature_attribution_drift_check",
                    "description": f"Feature attribution drift check failed: nDCG {score:.4f} is below {LEAST_NDCG}.",
                }
            )
    return {"version": 0, "violations": found}


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
    for section in SECTIONS:
        for facet, groups in document.get(section, {}).get("facets", {}).items():
            for group in groups:
                for metric in group["metrics"]:
                    yield (facet, str(group["value_or_threshold"]), metric["name"]), metric["value"]


def _farther(name: str, now: float | None, before: float) -> str | None:
    """Why the metric violates, None when it does not."""
    if now is None:
        return f"Metric {name} is undefined or missing; the baseline has {before:.4g}."
    ideal = 1.0 if name in RATIOS else 0.0
    if abs(now - ideal) <= abs(before - ideal):
        return None
    return f"Value {now:.4g} is farther from {ideal:g} than the baseline's {before:.4g}."


def _shap(document: Document) -> Mapping[str, Document]:
    found: Mapping[str, Document] = document.get("explanations", {}).get("kernel_shap", {})
    return found
