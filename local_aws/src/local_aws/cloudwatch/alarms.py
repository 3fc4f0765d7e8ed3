"""Alarms: their documents, and what a change of state sets off, all in one transaction."""

import contextlib
import json
from collections.abc import Callable, Mapping
from typing import Any

from local_aws.autoscaling import scaling
from local_aws.cloudwatch import readings
from local_aws.cloudwatch.composite import compile_rule
from local_aws.errors import AwsError, NotSupported
from local_aws.events import bus, outbox, targets
from local_aws.operations import Aws
from local_aws.services import topics

Document = dict[str, Any]

ALARMS, HISTORY = readings.ALARMS, "cloudwatch:AlarmHistory"

#: State → the member that lists its actions.
_ACTIONS_OF = {"ALARM": "AlarmActions", "OK": "OKActions", "INSUFFICIENT_DATA": "InsufficientDataActions"}


def find(aws: Aws, name: str) -> Document:
    """Raises AwsError "ResourceNotFound"."""
    alarm = aws.store.get(ALARMS, name)
    if alarm is None:
        raise AwsError("ResourceNotFound", f"The alarm {name} does not exist.", status=404)
    return alarm


def remember(aws: Aws, alarm: Document, kind: str, summary: str, data: Document) -> None:
    """A line of the alarm's history; inside a transaction."""
    item = {
        "AlarmName": alarm["AlarmName"],
        "AlarmType": alarm["AlarmType"],
        "Timestamp": aws.clock.now(),
        "HistoryItemType": kind,
        "HistorySummary": summary,
        "HistoryData": json.dumps(data),
    }
    number = aws.store.next_seq()
    aws.store.put(HISTORY, f"{alarm['AlarmName']}/{number:012d}", item | {"Order": number})


def transition(aws: Aws, alarm: Document, value: str, reason: str, data: str | None = None) -> None:
    """Put an alarm into a state: history, actions, event, and the composite alarms that look at it; in a transaction.

    Nothing but the reason changes when it is in that state already.
    """
    now, previous = aws.clock.now(), alarm["StateValue"]
    if previous == value:
        return
    before = {key: alarm.get(key) for key in ("StateValue", "StateReason", "StateUpdatedTimestamp")}
    alarm |= {"StateValue": value, "StateReason": reason, "StateReasonData": data}
    alarm |= {"StateUpdatedTimestamp": now, "StateTransitionedTimestamp": now}
    aws.store.put(ALARMS, alarm["AlarmName"], alarm)
    states = {
        "version": "1.0",
        "oldState": {"stateValue": previous, "stateReason": before["StateReason"]},
        "newState": {"stateValue": value, "stateReason": reason},
    }
    remember(aws, alarm, "StateUpdate", f"Alarm updated from {previous} to {value}", states)
    _tell(aws, alarm, before)
    if alarm["ActionsEnabled"]:
        for arn in alarm.get(_ACTIONS_OF[value]) or []:
            _act(aws, alarm, arn, previous)
    refresh_composites(aws, alarm["AlarmName"])


def _tell(aws: Aws, alarm: Document, before: Document) -> None:
    detail = {
        "alarmName": alarm["AlarmName"],
        "state": {
            "value": alarm["StateValue"],
            "reason": alarm["StateReason"],
            **({"reasonData": alarm["StateReasonData"]} if alarm.get("StateReasonData") else {}),
            "timestamp": bus.iso(alarm["StateUpdatedTimestamp"]),
        },
        "previousState": {"value": before["StateValue"], "reason": before["StateReason"]},
        "configuration": {"description": alarm.get("AlarmDescription", "")},
    }
    bus.emit(aws, "aws.cloudwatch", "CloudWatch Alarm State Change", detail, [alarm["AlarmArn"]])


# actions


def _notify(aws: Aws, alarm: Document, arn: str, previous: str) -> None:
    message = {
        "AlarmName": alarm["AlarmName"],
        "AlarmDescription": alarm.get("AlarmDescription"),
        "AWSAccountId": aws.account,
        "NewStateValue": alarm["StateValue"],
        "NewStateReason": alarm["StateReason"],
        "StateChangeTime": bus.iso(alarm["StateUpdatedTimestamp"]),
        "Region": aws.region,
        "AlarmArn": alarm["AlarmArn"],
        "OldStateValue": previous,
        "Trigger": {key: value for key, value in alarm.items() if key in _TRIGGER},
    }
    topics.publish(aws, arn, json.dumps(message), f'{alarm["StateValue"]}: "{alarm["AlarmName"]}" in {aws.region}')


_TRIGGER = frozenset(
    {
        "MetricName",
        "Namespace",
        "Dimensions",
        "Statistic",
        "ExtendedStatistic",
        "Period",
        "EvaluationPeriods",
        "DatapointsToAlarm",
        "ComparisonOperator",
        "Threshold",
        "TreatMissingData",
        "AlarmRule",
    }
)


def _invoke(aws: Aws, alarm: Document, arn: str, previous: str) -> None:
    data = {
        "alarmName": alarm["AlarmName"],
        "state": {"value": alarm["StateValue"], "reason": alarm["StateReason"]},
        "previousState": {"value": previous},
    }
    payload = {"source": "aws.cloudwatch", "alarmArn": alarm["AlarmArn"], "accountId": aws.account, "alarmData": data}
    more = {"time": bus.iso(alarm["StateUpdatedTimestamp"]), "region": aws.region}
    outbox.enqueue(aws, {"Arn": arn}, json.dumps(payload | more), {"ALARM_ARN": alarm["AlarmArn"]})


def _scale(aws: Aws, alarm: Document, arn: str, _: str) -> None:
    scaling.act(aws, alarm, arn)


#: The service in an action's ARN → what it does: the machine, the alarm in its new state, the ARN, the state before.
ACTIONS: Mapping[str, Callable[[Aws, Document, str, str], None]] = {
    "sns": _notify,
    "lambda": _invoke,
    "autoscaling": _scale,
}

#: Taken again at each evaluation while the state lasts; all others only when it begins.
_REPEATED = frozenset({"autoscaling"})


def check_actions(request: Document) -> None:
    """Raises AwsError for an action that nobody here takes."""
    for member in _ACTIONS_OF.values():
        for arn in request.get(member) or []:
            service = arn.split(":")[2] if arn.count(":") >= 5 else ""
            if service not in ACTIONS:
                raise NotSupported(f"the alarm action {arn}")
            if service == "lambda":
                targets.find(arn)


def _act(aws: Aws, alarm: Document, arn: str, previous: str) -> None:
    """An action that fails is a line of the history: the state changes all the same."""
    try:
        ACTIONS[arn.split(":")[2]](aws, alarm, arn, previous)
        summary, state = f"Successfully executed action {arn}", "Succeeded"
    except AwsError as error:
        summary, state = f"Failed to execute action {arn}. Received error: {error.message}", "Failed"
    remember(aws, alarm, "Action", summary, {"actionState": state, "notificationResource": arn})


def _again(alarm: Document) -> list[str]:
    arns = alarm.get(_ACTIONS_OF[alarm["StateValue"]]) or []
    return [arn for arn in arns if arn.split(":")[2] in _REPEATED] if alarm["ActionsEnabled"] else []


def repeats(alarm: Document) -> bool:
    """Whether an alarm that stays in its state has something to do again."""
    return bool(_again(alarm))


def repeat(aws: Aws, alarm: Document) -> None:
    """Do it, inside a transaction; the history has told of it when the state began."""
    for arn in _again(alarm):
        with contextlib.suppress(AwsError):  # said by the first attempt, and by the policy's activities
            ACTIONS[arn.split(":")[2]](aws, alarm, arn, alarm["StateValue"])


# composite alarms


def refresh_composites(aws: Aws, changed: str) -> None:
    """Set the composite alarms that look at `changed`; inside a transaction."""
    for name, alarm in aws.store.scan(ALARMS):
        if alarm["AlarmType"] == "CompositeAlarm" and changed in compile_rule(alarm["AlarmRule"]).names:
            refresh(aws, find(aws, name), f"{changed} transitioned")


def refresh(aws: Aws, alarm: Document, because: str) -> None:
    """Set one composite alarm by its rule; inside a transaction."""
    holds = compile_rule(alarm["AlarmRule"]).holds(lambda name: str(find(aws, name)["StateValue"]))
    transition(aws, alarm, "ALARM" if holds else "OK", f"{alarm['AlarmRule']} is {str(holds).lower()}: {because}")


def parents_of(aws: Aws, name: str) -> list[str]:
    """The composite alarms whose rules name it."""
    return [
        key
        for key, alarm in aws.store.scan(ALARMS)
        if alarm["AlarmType"] == "CompositeAlarm" and name in compile_rule(alarm["AlarmRule"]).names
    ]
