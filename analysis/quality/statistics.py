"""`statistics.json` and `constraints.json` in Model Monitor's schema, out of a profile.

https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-interpreting-statistics.html and
https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-byoc-constraints.html
"""

import numpy as np

from analysis.quality.profile import Floats, Numbers, Profile, Texts
from contract.documents import Document

BUCKETS = 10
#: Values in the highest level of a sketch, and the factor by which a KLL sketch shrinks its levels, as AWS writes them.
SKETCH, SHRINK = 2048, 0.64
#: A text column with more distinct values has no domain; beyond MOST_BUCKETS, only the most frequent are listed.
MOST_DOMAIN, MOST_BUCKETS = 100, 1000

#: Model Monitor's defaults.
MONITORING: Document = {
    "evaluate_constraints": "Enabled",
    "emit_metrics": "Enabled",
    "datatype_check_threshold": 1.0,
    "domain_content_threshold": 1.0,
    "distribution_constraints": {
        "perform_comparison": "Enabled",
        "comparison_threshold": 0.1,
        "comparison_method": "Robust",
        "categorical_comparison_threshold": 0.1,
        "categorical_drift_method": "LInfinity",
    },
}


def statistics(profile: Profile) -> Document:
    """The document of `statistics.json`."""
    features = [
        _numbers(name, column) if isinstance(column, Numbers) else _texts(name, column)
        for name, column in profile.columns.items()
    ]
    return {"version": 0.0, "dataset": {"item_count": profile.rows}, "features": features}


def constraints(statistics: Document) -> Document:
    """The document of `constraints.json`: what the baseline's rows suggest that later ones keep to."""
    return {
        "version": 0.0,
        "features": [_constraint(feature) for feature in statistics["features"]],
        "monitoring_config": MONITORING,
    }


def sketch(values: Floats, count: int) -> list[list[float]]:
    """The levels of a KLL sketch of `count` values whose quantiles are those of `values`, rising.

    A value of level h stands for 2^h values. Up to SKETCH values level 0 holds them all; beyond, the highest level
    holds evenly spaced ones and the lower levels one value where the rest needs it, so that the weights add up.
    """
    height = 0
    while count >> height > SKETCH:
        height += 1
    sizes = [count >> level & 1 for level in range(height)] + [count >> height]
    levels: list[list[float]] = []
    for size in sizes:
        places = ((np.arange(size) + 0.5) / max(size, 1) * len(values)).astype(int)
        levels.append(values[places].tolist())
    return levels


def _numbers(name: str, column: Numbers) -> Document:
    common = {"num_present": column.present, "num_missing": column.missing}
    numerical: Document = {"common": common}
    if column.present:
        values = column.sorted()
        numerical |= {
            "mean": column.mean,
            "sum": column.total,
            "std_dev": column.standard_deviation,
            "min": column.minimum,
            "max": column.maximum,
            "distribution": {
                "kll": {
                    "buckets": _buckets(values, column),
                    "sketch": {
                        "parameters": {"c": SHRINK, "k": float(SKETCH)},
                        "data": sketch(values, column.present),
                    },
                }
            },
        }
    kind = "Unknown" if not column.present else "Integral" if column.integral else "Fractional"
    return {"name": name, "inferred_type": kind, "numerical_statistics": numerical}


def _buckets(values: Floats, column: Numbers) -> list[Document]:
    """Ten of equal width from the least to the greatest value; the last one is closed on both sides."""
    edges = np.linspace(column.minimum, column.maximum, BUCKETS + 1)
    below = np.searchsorted(values, edges, side="left")
    below[-1] = len(values)
    counts = np.diff(below) * (column.present / len(values))
    return [
        {"lower_bound": float(edges[index]), "upper_bound": float(edges[index + 1]), "count": float(round(count))}
        for index, count in enumerate(counts)
    ]


def _texts(name: str, column: Texts) -> Document:
    ranked = sorted(column.counts.items(), key=lambda pair: (-pair[1], pair[0]))
    buckets = [{"value": text, "count": count} for text, count in ranked[:MOST_BUCKETS]]
    return {
        "name": name,
        "inferred_type": "String" if column.present else "Unknown",
        "string_statistics": {
            "common": {"num_present": column.present, "num_missing": column.missing},
            "distinct_count": float(len(column.counts)),
            "distribution": {"categorical": {"buckets": buckets}},
        },
    }


def common(feature: Document) -> Document:
    """`num_present` and `num_missing` of a feature of `statistics.json`, whatever its kind."""
    found: Document = feature.get("numerical_statistics") or feature["string_statistics"]
    return dict(found["common"])


def completeness(feature: Document) -> float:
    """The share of the rows that have a value; 1 when there are none."""
    counts = common(feature)
    rows = counts["num_present"] + counts["num_missing"]
    return float(counts["num_present"] / rows) if rows else 1.0


def _constraint(feature: Document) -> Document:
    found: Document = {
        "name": feature["name"],
        "inferred_type": feature["inferred_type"],
        "completeness": completeness(feature),
    }
    if "min" in feature.get("numerical_statistics", {}):
        found["num_constraints"] = {"is_non_negative": feature["numerical_statistics"]["min"] >= 0}
    texts = feature.get("string_statistics")
    if texts and texts["distinct_count"] <= MOST_DOMAIN:
        buckets = texts["distribution"]["categorical"]["buckets"]
        found["string_constraints"] = {"domains": sorted(bucket["value"] for bucket in buckets)}
    return found
