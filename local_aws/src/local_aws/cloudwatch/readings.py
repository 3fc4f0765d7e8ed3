"""What alarms see: the points of their periods, as their state and their actions need them."""

import json
from typing import Any

from local_aws.cloudwatch import evaluation, metrics, statistics
from local_aws.cloudwatch.metrics import Metric
from local_aws.operations import Aws

Document = dict[str, Any]

ALARMS = "cloudwatch:Alarm"


def alarm(aws: Aws, name: str) -> Document | None:
    return aws.store.get(ALARMS, name)


def points(aws: Aws, alarm: Document, end: float) -> list[float | None]:
    """The alarm's statistic in the periods before `end`, oldest first; None where nothing was published."""
    period, count = alarm["Period"], alarm["EvaluationPeriods"] + evaluation.SPARE
    start = end - period * count
    rows = metrics.read(aws, Metric.of(alarm), start, end, alarm.get("Unit"))
    found = statistics.by_period(rows, period, start)
    name = alarm.get("Statistic") or alarm["ExtendedStatistic"]
    summaries = (found.get(start + index * period) for index in range(count))
    return [summary.statistic(name) if summary else None for summary in summaries]


def latest(aws: Aws, alarm: Document) -> float | None:
    """The newest point, or the one that the alarm's state was set with; None when there is none."""
    tick = min(alarm["Period"], 60)
    end = aws.clock.now() // tick * tick
    known = [point for point in points(aws, alarm, end) if point is not None]
    if not known and alarm.get("StateReasonData"):
        try:
            known = json.loads(alarm["StateReasonData"]).get("recentDatapoints") or []
        except (ValueError, AttributeError):
            return None  # SetAlarmState takes any text
    return float(known[-1]) if known else None
