"""What makes alarms evaluate: at each full minute of the machine's clock, and when an alarm has changed.

An alarm with a period below a minute is looked at every ten seconds. Without alarms nothing happens at all.
"""

import json
import logging
from collections.abc import Callable, Iterable
from typing import Any

from local_aws.cloudwatch import alarms, evaluation, metrics, readings
from local_aws.cloudwatch.metrics import Datum, Metric
from local_aws.events.bus import iso
from local_aws.looking import Looking
from local_aws.operations import Aws
from local_aws.services import queues

log = logging.getLogger("local_aws.cloudwatch")

Document = dict[str, Any]


class Monitor:
    """The living part."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws
        self._begun = False
        self._looking = Looking(aws.clock, "alarms", self._look, log, "Alarms cannot go on now.")

    def start(self) -> None:
        self._looking.start()

    def stop(self) -> None:
        self._looking.stop()

    def changed(self) -> None:
        """An alarm is new or changed; call it inside the transaction that writes it."""
        self._aws.store.after_commit(self._looking.wake.set)

    def _look(self) -> float | None:
        """A server that has just started waits for its first full minute: what is measured has to come up as well."""
        if self._begun:
            self.evaluate()
        self._begun = True
        tick, now = self._tick(), self._aws.clock.now()
        return None if tick is None else now + tick - now % tick

    def _tick(self) -> int | None:
        periods = [alarm["Period"] for _, alarm in self._aws.store.scan(alarms.ALARMS) if "Period" in alarm]
        return (10 if min(periods) < 60 else 60) if periods else None

    def evaluate(self) -> None:
        """Take the gauges and set every metric alarm by the periods that have ended."""
        tick = self._tick()
        if tick is None or self._looking.ending:
            return
        end = self._aws.clock.now() // tick * tick
        watched = {alarm["Namespace"] for _, alarm in self._aws.store.scan(alarms.ALARMS) if "Namespace" in alarm}
        for namespace, gauge in GAUGES.items():
            if namespace in watched and (data := list(gauge(self._aws, end - 0.001))):
                metrics.record(self._aws, data)
        for name, alarm in self._aws.store.scan(alarms.ALARMS):
            if alarm["AlarmType"] == "MetricAlarm":
                self._evaluate(name, alarm, end)

    def _evaluate(self, name: str, alarm: Document, end: float) -> None:
        points = readings.points(self._aws, alarm, end)
        breaches = evaluation.COMPARISONS[alarm["ComparisonOperator"]]
        found = evaluation.state(
            [None if point is None else breaches(point, alarm["Threshold"]) for point in points],
            alarm["EvaluationPeriods"],
            alarm.get("DatapointsToAlarm") or alarm["EvaluationPeriods"],
            alarm.get("TreatMissingData") or "missing",
        )
        stays = found == alarm["StateValue"]
        if found is None or (stays and not alarms.repeats(alarm)):
            return
        with self._aws.store.transaction():
            held = self._aws.store.get(alarms.ALARMS, name)
            unchanged = (
                held and held["AlarmConfigurationUpdatedTimestamp"] == alarm["AlarmConfigurationUpdatedTimestamp"]
            )
            if held and unchanged and stays:
                alarms.repeat(self._aws, held)
            elif held and unchanged:
                alarms.transition(self._aws, held, found, *_reason(alarm, points, end))


def _reason(alarm: Document, points: list[float | None], end: float) -> tuple[str, str]:
    recent = [point for point in points if point is not None][-alarm["EvaluationPeriods"] :]
    name = alarm.get("Statistic") or alarm["ExtendedStatistic"]
    data = {
        "version": "1.0",
        "queryDate": iso(end),
        "statistic": name,
        "period": alarm["Period"],
        "recentDatapoints": recent,
        "threshold": alarm["Threshold"],
    }
    seen = f"datapoints {recent}" if recent else "no datapoints"
    text = (
        f"Threshold Crossed: {seen} in the last {alarm['EvaluationPeriods']} periods of {alarm['Period']} seconds"
        f" against {alarm['ComparisonOperator']} {alarm['Threshold']}; missing data is"
        f" {alarm.get('TreatMissingData') or 'missing'}."
    )
    return text, json.dumps(data)


def _of_queues(aws: Aws, at: float) -> Iterable[Datum]:
    """How many messages the queues hold, as SQS says each minute."""
    for name, _ in aws.store.scan(queues.QUEUES):
        visible, in_flight, delayed = queues.counts(aws, name)
        for metric, value in (
            ("ApproximateNumberOfMessagesVisible", visible),
            ("ApproximateNumberOfMessagesNotVisible", in_flight),
            ("ApproximateNumberOfMessagesDelayed", delayed),
        ):
            yield Datum(Metric("AWS/SQS", metric, {"QueueName": name}), at, ((float(value), 1.0),), "Count")


#: Namespace → what is looked at when alarms on it are due, instead of being published.
GAUGES: dict[str, Callable[[Aws, float], Iterable[Datum]]] = {"AWS/SQS": _of_queues}
