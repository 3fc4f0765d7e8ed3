"""From the points of the last periods to the state of an alarm.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
"""

from collections.abc import Callable, Mapping, Sequence

OK, ALARM, INSUFFICIENT = "OK", "ALARM", "INSUFFICIENT_DATA"

#: How many periods more than it needs an alarm looks at, for points that are missing.
SPARE = 2

COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {
    "GreaterThanOrEqualToThreshold": lambda value, threshold: value >= threshold,
    "GreaterThanThreshold": lambda value, threshold: value > threshold,
    "LessThanThreshold": lambda value, threshold: value < threshold,
    "LessThanOrEqualToThreshold": lambda value, threshold: value <= threshold,
}


def state(breaching: Sequence[bool | None], periods: int, enough: int, missing: str) -> str | None:
    """The state, None to keep the one that is.

    breaching  of each period whether its point breaches the threshold, None where there is no point; oldest first
    periods    EvaluationPeriods;   enough  DatapointsToAlarm
    missing    TreatMissingData: missing, ignore, breaching or notBreaching
    """
    real = [point for point in breaching if point is not None][-periods:]
    lacking = periods - len(real)
    if sum(real) >= enough:
        return ALARM
    if lacking == 0:
        return OK
    if missing in ("breaching", "notBreaching"):
        return ALARM if missing == "breaching" and sum(real) + lacking >= enough else OK
    if not real:
        return INSUFFICIENT if missing == "missing" else None
    if not all(real):
        return OK
    # All that is known breaches, and is too little: it counts once the points that would be enough had their time.
    oldest = len(breaching) - next(place for place, point in enumerate(breaching) if point is not None)
    return ALARM if missing == "missing" and oldest >= enough else None
