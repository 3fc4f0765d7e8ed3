"""What comes due by the clock: rules with a schedule, and the schedules of EventBridge Scheduler.

The next time stands in each document, so that it survives the server. What came due while the machine was down or while
its clock was moved is made up once.
"""

import logging
import math
import re
import uuid
from typing import Any

from local_aws.autoscaling.schedule import fire as _fire_scheduled_action
from local_aws.autoscaling.targets import ACTIONS
from local_aws.events import bus, outbox, timetable
from local_aws.looking import Looking
from local_aws.operations import Aws

log = logging.getLogger("local_aws.events")

Document = dict[str, Any]

SCHEDULES = "scheduler:Schedule"


class Timer:
    """The living part: it fires what is due."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws
        self._looking = Looking(aws.clock, "timer", self._look, log, "Schedules cannot go on now.")

    def start(self) -> None:
        self._looking.start()

    def stop(self) -> None:
        self._looking.stop()

    def changed(self) -> None:
        """A timetable has changed; call it inside the transaction that changes it."""
        self._aws.store.after_commit(self._looking.wake.set)

    def _look(self) -> float | None:
        if not self.fire_due():
            self._looking.rest()
        return self._next()

    def _next(self) -> float | None:
        dues = [item["Due"] for kind in _FIRE for _, item in self._aws.store.scan(kind) if item.get("Due") is not None]
        return min(dues, default=None)

    def fire_due(self) -> bool:
        """Fire what is due now; each in one transaction with its next time. False when one of them failed: it stays
        due, and holds up no other.
        """
        now, whole = self._aws.clock.now(), True
        for kind in _FIRE:
            for key, item in self._aws.store.scan(kind):
                if item.get("Due") is not None and item["Due"] <= now:
                    try:
                        self._fire(kind, key, item["Due"], now)
                    except Exception:  # a full disk, for example
                        log.exception("%s, which is due, cannot go on now.", key)
                        whole = False
        return whole

    def _fire(self, kind: str, key: str, due: float, now: float) -> None:
        with self._aws.store.transaction():
            held = self._aws.store.get(kind, key)
            if held and held.get("Due") == due:
                _FIRE[kind](self._aws, key, held, now)


def _fire_rule(aws: Aws, key: str, rule: Document, now: float) -> None:
    event = bus.new_event(aws, "aws.events", "Scheduled Event", {}, [rule["Arn"]]) | {"time": bus.iso(rule["Due"])}
    bus.fire(aws, rule, event)
    due = timetable.read(rule["ScheduleExpression"]).after(now, rule["Since"])
    aws.store.put(bus.RULES, key, rule | {"Due": due})


def _fire_schedule(aws: Aws, key: str, schedule: Document, now: float) -> None:
    target = schedule["Target"]
    about = {
        "scheduled-time": bus.iso(schedule["Due"]),
        "schedule-arn": schedule["Arn"],
        "execution-id": str(uuid.uuid4()),
        "attempt-number": "1",
    }
    payload = re.sub(r"<aws\.scheduler\.([a-z-]+)>", lambda found: about.get(found[1], found[0]), target["Input"])
    outbox.enqueue(aws, target, payload, {"SCHEDULE_ARN": schedule["Arn"], "TARGET_ARN": target["Arn"]})
    due = next_due(schedule, now)
    if due is None and schedule.get("ActionAfterCompletion") == "DELETE":
        aws.store.delete(SCHEDULES, key)
    else:
        aws.store.put(SCHEDULES, key, schedule | {"Due": due})


def first_due(schedule: Document) -> float | None:
    """When a new schedule of EventBridge Scheduler is due: with a rate at its StartDate, or at once when it has none.

    "Rate-based schedules", https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
    """
    return next_due(schedule, math.nextafter(schedule["CreationDate"], 0))


def next_due(schedule: Document, now: float) -> float | None:
    """When a schedule of EventBridge Scheduler is due behind `now`; None when never again."""
    if schedule["State"] == "DISABLED":
        return None
    zone = schedule.get("ScheduleExpressionTimezone") or "UTC"
    start = schedule.get("StartDate") or schedule["CreationDate"]
    plan = timetable.read(schedule["ScheduleExpression"], zone)
    due = plan.after(max(now, math.nextafter(start, 0)), start)
    return due if due is not None and due <= schedule.get("EndDate", float("inf")) else None


_FIRE = {bus.RULES: _fire_rule, SCHEDULES: _fire_schedule, ACTIONS: _fire_scheduled_action}
