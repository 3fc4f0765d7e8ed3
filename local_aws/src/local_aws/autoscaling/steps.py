"""Step scaling: from how far a metric is beyond its alarm's threshold to a capacity. Pure functions.

https://docs.aws.amazon.com/autoscaling/application/userguide/step-scaling-policy-overview.html
"""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from local_aws.errors import AwsError

Document = dict[str, Any]


def _bounds(step: Document) -> tuple[float, float]:
    low, high = step.get("MetricIntervalLowerBound"), step.get("MetricIntervalUpperBound")
    return (-math.inf if low is None else low, math.inf if high is None else high)


def check(settings: Document) -> None:
    """Raises AwsError for steps that overlap, leave a gap, or end on the way out."""
    steps = settings.get("StepAdjustments") or []
    if not settings.get("AdjustmentType"):
        raise AwsError("ValidationException", "A step scaling policy needs AdjustmentType.")
    if not steps:
        raise AwsError("ValidationException", "A step scaling policy needs StepAdjustments.")
    if settings.get("MinAdjustmentMagnitude") and settings["AdjustmentType"] != "PercentChangeInCapacity":
        raise AwsError("ValidationException", "MinAdjustmentMagnitude goes with PercentChangeInCapacity only.")
    spans = sorted(_bounds(step) for step in steps)
    if any(low >= high for low, high in spans):
        raise AwsError("ValidationException", "The upper bound of a step must lie above its lower bound.")
    if any(before[1] != after[0] for before, after in pairwise(spans)):
        raise AwsError("ValidationException", "StepAdjustments must neither overlap nor leave a gap.")
    if -math.inf < spans[0][0] < 0 or 0 < spans[-1][1] < math.inf:
        raise AwsError("ValidationException", "The outermost of the StepAdjustments must have no bound on its outside.")


def chosen(steps: Sequence[Document], beyond: float) -> Document | None:
    """The step for a metric that is `beyond` its threshold; None when there is none.

    At or above the threshold the lower bound belongs to a step, below it the upper bound does.
    """
    for step in steps:
        low, high = _bounds(step)
        if low <= beyond < high if beyond >= 0 else low < beyond <= high:
            return step
    return None


def wanted(settings: Document, current: int, beyond: float) -> int | None:
    """The capacity that a policy asks for; None when none of its steps fits."""
    step = chosen(settings["StepAdjustments"], beyond)
    if step is None:
        return None
    change = step["ScalingAdjustment"]
    if settings["AdjustmentType"] == "ExactCapacity":
        return int(change)
    if settings["AdjustmentType"] == "ChangeInCapacity":
        return int(current + change)
    return current + _percent(current, change, settings.get("MinAdjustmentMagnitude") or 0)


def _percent(current: int, percent: int, least: int) -> int:
    """Above 1 rounded towards zero, between 0 and 1 up to 1, as AWS documents."""
    exact = current * percent / 100
    change = math.trunc(exact) if abs(exact) >= 1 else int(math.copysign(1, exact)) if exact else 0
    if percent and abs(change) < least:
        change = int(math.copysign(least, percent))
    return change
