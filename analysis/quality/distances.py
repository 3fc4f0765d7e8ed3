"""How far two distributions of `statistics.json` are apart.

https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-byoc-constraints.html: `Simple` is the greatest distance
of the distribution functions; `Robust` takes off what chance explains at 1.8 √((n + m) / (n m)).
"""

from collections.abc import Mapping, Sequence
from math import sqrt

import numpy as np
from scipy.stats import chi2_contingency

#: 1.8 is a little above the factor of the two-sample Kolmogorov-Smirnov test at 0.3 % (Smirnov, 1948).
ROBUST = 1.8

Levels = Sequence[Sequence[float]]


def linf_simple(first: Levels, second: Levels) -> float:
    """max |CDF₁ - CDF₂| of two sketches; a value of level h counts 2^h times. Neither may be empty."""
    sides = [_weighted(first), _weighted(second)]
    points = np.unique(np.concatenate([values for values, _ in sides]))
    below = []
    for values, weights in sides:
        sums = np.append(0.0, np.cumsum(weights))
        below.append(sums[np.searchsorted(values, points, side="right")] / sums[-1])
    return float(np.abs(below[0] - below[1]).max())


def robust(distance: float, first: int, second: int) -> float:
    """What of a distance is more than chance, for so many values on both sides."""
    return max(0.0, distance - ROBUST * sqrt((first + second) / (first * second)))


def categorical_linf(first: Mapping[str, int], second: Mapping[str, int]) -> float:
    """The greatest difference of a category's shares. Neither side may be empty."""
    totals = sum(first.values()), sum(second.values())
    names = first.keys() | second.keys()
    return max(abs(first.get(name, 0) / totals[0] - second.get(name, 0) / totals[1]) for name in names)


def chi_squared(first: Mapping[str, int], second: Mapping[str, int]) -> float:
    """The p-value of Pearson's test that both sides come from one distribution; 1 with one category alone."""
    names = sorted(first.keys() | second.keys())
    if len(names) < 2:
        return 1.0
    table = [[side.get(name, 0) for name in names] for side in (first, second)]
    return float(chi2_contingency(table, correction=False).pvalue)


def _weighted(levels: Levels) -> tuple[np.ndarray, np.ndarray]:
    values = np.concatenate([np.asarray(level, dtype=np.float64) for level in levels])
    weights = np.concatenate([np.full(len(level), 2.0**height) for height, level in enumerate(levels)])
    order = np.argsort(values, kind="stable")
    return values[order], weights[order]
