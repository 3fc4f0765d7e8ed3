"""Confidence intervals by the ordinary bootstrap: n rows drawn with replacement, written as a count for each row.

Efron and Tibshirani, An Introduction to the Bootstrap (1993), chapters 6 (standard error) and 13 (percentile interval).
A resample as counts lets a metric sort its rows once and not once a resample.
"""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from contract.documents import Document

Floats = NDArray[np.float64]

#: From the counts of the rows to the metrics; NaN where a resample leaves a metric undefined.
Resampled = Callable[[Floats], dict[str, float]]

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Estimate:
    """A metric on the test rows with its bootstrap error; None where it is undefined, and then `reason` says why."""

    value: float | None
    standard_deviation: float | None = None
    lower: float | None = None
    upper: float | None = None
    reason: str | None = None

    def to_document(self) -> Document:
        """Keys as in SageMaker's model-quality files, and the interval; `reason` only where there is one."""
        return {name: value for name, value in asdict(self).items() if name != "reason" or value is not None}


def resamples(rows: int, count: int, seed: int) -> Iterator[Floats]:
    """`count` times how often each of `rows` rows was drawn, (rows,) float64. The same seed draws the same rows."""
    generator = np.random.default_rng(seed)
    for _ in range(count):
        yield np.bincount(generator.integers(0, rows, rows), minlength=rows).astype(np.float64)


def estimates(
    values: dict[str, float], reasons: dict[str, str], resampled: Resampled, rows: int, count: int, seed: int
) -> dict[str, Estimate]:
    """Each metric of `values` with standard error and 95 % percentile interval out of `count` resamples.

    values     metric → value on the rows themselves, NaN when undefined
    reasons    metric → why it is undefined, for those that are
    resampled  the same metrics on a resample

    A resample that leaves a metric undefined does not count for it; below half of them there is no interval.
    """
    draws = [resampled(weights) for weights in resamples(rows, count, seed)]
    return {
        name: _estimate(value, np.array([draw[name] for draw in draws]), reasons.get(name))
        for name, value in values.items()
    }


def _estimate(value: float, draws: Floats, reason: str | None) -> Estimate:
    if not np.isfinite(value):
        return Estimate(value=None, reason=reason or "It is undefined on these rows.")
    defined = draws[np.isfinite(draws)]
    if len(defined) < 2 or 2 * len(defined) < len(draws):
        return Estimate(float(value), reason=f"No interval: {len(defined)} of {len(draws)} resamples define it.")
    tail = 100 * (1 - CONFIDENCE) / 2
    lower, upper = np.percentile(defined, [tail, 100 - tail])
    return Estimate(float(value), float(np.std(defined, ddof=1)), float(lower), float(upper))
