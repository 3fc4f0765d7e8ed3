"""CloudWatch's operations on alarms. Alarms on expressions are refused by name."""

from typing import Any

from local_aws import crud
from local_aws.cloudwatch import alarms, statistics
from local_aws.cloudwatch.composite import compile_rule, name_of
from local_aws.cloudwatch.metric_operations import check_period
from local_aws.cloudwatch.metrics import Metric
from local_aws.cloudwatch.monitor import Monitor
from local_aws.errors import AwsError, NotSupported
from local_aws.operations import Aws, Operations, Request, Result

Document = dict[str, Any]

operations = Operations("cloudwatch")

_REFUSED = (
    "Metrics",
    "ThresholdMetricId",
    "EvaluationWindow",
    "WarmUpConfiguration",
    "EvaluationCriteria",
    "EvaluationInterval",
    "ActionConfiguration",
    "ActionsSuppressor",
)


def _missing(member: str) -> AwsError:
    return AwsError("MissingRequiredParameterException", f"The parameter {member} is required.")


def _check_metric_alarm(request: Request) -> None:
    for member in ("MetricName", "Namespace", "Period", "EvaluationPeriods", "Threshold", "ComparisonOperator"):
        if request.get(member) is None:
            raise _missing(member)
    if bool(request.get("Statistic")) == bool(request.get("ExtendedStatistic")):
        raise AwsError(
            "InvalidParameterCombinationException", "Exactly one of Statistic and ExtendedStatistic is needed."
        )
    if "Threshold" in request["ComparisonOperator"] and request["ComparisonOperator"].endswith(
        ("UpperThreshold", "LowerThreshold")
    ):
        raise NotSupported(f"alarms with {request['ComparisonOperator']} (anomaly detection)")
    if request.get("ExtendedStatistic"):
        statistics.percentile(request["ExtendedStatistic"])
    if request.get("EvaluateLowSampleCountPercentile") == "ignore":
        raise NotSupported("EvaluateLowSampleCountPercentile ignore")
    if request.get("TreatMissingData") not in (None, "missing", "ignore", "breaching", "notBreaching"):
        raise AwsError("ValidationException", f"TreatMissingData {request['TreatMissingData']} is not valid.")
    check_period(request["Period"])
    periods = request["EvaluationPeriods"]
    if not 1 <= (request.get("DatapointsToAlarm") or periods) <= periods:
        raise AwsError("ValidationException", "DatapointsToAlarm must lie between 1 and EvaluationPeriods.")


def _put(aws: Aws, request: Request, kind: str) -> Document:
    """The alarm's document; a new one begins with too little data, a changed one in its state."""
    for member in _REFUSED:
        if request.get(member):
            raise NotSupported(f"the member {member} of alarms")
    alarms.check_actions(request)
    now, name = aws.clock.now(), request["AlarmName"]
    held = aws.store.get(alarms.ALARMS, name)
    if held and held["AlarmType"] != kind:
        raise AwsError("ValidationException", f"There is a {held['AlarmType']} named {name}.")
    state = {
        "StateValue": "INSUFFICIENT_DATA",
        "StateReason": "Unchecked: Initial alarm creation",
        "StateUpdatedTimestamp": now,
        "StateTransitionedTimestamp": now,
        "Tags": {tag["Key"]: tag["Value"] for tag in request.get("Tags") or []},
    }
    made = {key: value for key, value in request.items() if value is not None and key != "Tags"} | {
        "AlarmType": kind,
        "AlarmArn": aws.arn("cloudwatch", f"alarm:{name}"),
        "ActionsEnabled": request.get("ActionsEnabled", True),
        "AlarmConfigurationUpdatedTimestamp": now,
        "OKActions": request.get("OKActions") or [],
        "AlarmActions": request.get("AlarmActions") or [],
        "InsufficientDataActions": request.get("InsufficientDataActions") or [],
    }
    alarm = made | {member: (held or state).get(member, state[member]) for member in state}
    aws.store.put(alarms.ALARMS, name, alarm)
    alarms.remember(
        aws, alarm, "ConfigurationUpdate", f'Alarm "{name}" {"updated" if held else "created"}', {"type": "Update"}
    )
    aws.part(Monitor).changed()
    return alarm


@operations("PutMetricAlarm")
def put_metric_alarm(aws: Aws, request: Request) -> Result:
    if not request.get("Metrics"):
        _check_metric_alarm(request)
    with aws.store.transaction():
        _put(aws, {"Dimensions": []} | request, "MetricAlarm")
    return None


@operations("PutCompositeAlarm")
def put_composite_alarm(aws: Aws, request: Request) -> Result:
    rule = compile_rule(request["AlarmRule"])
    with aws.store.transaction():
        for name in rule.names:
            if aws.store.get(alarms.ALARMS, name) is None:
                raise AwsError("ValidationException", f"Could not save the composite alarm as alarm {name} is missing.")
        _check_cycle(aws, request["AlarmName"], rule.names)
        alarms.refresh(aws, _put(aws, request, "CompositeAlarm"), "the alarm was saved")
    return None


def _check_cycle(aws: Aws, name: str, children: frozenset[str]) -> None:
    for child in children:
        alarm = aws.store.get(alarms.ALARMS, child) or {}
        if child == name:
            raise AwsError("ValidationException", f"The rule of {name} leads back to itself.")
        if "AlarmRule" in alarm:
            _check_cycle(aws, name, compile_rule(alarm["AlarmRule"]).names)


@operations("DeleteAlarms")
def delete_alarms(aws: Aws, request: Request) -> Result:
    """All or none; those that are not there are no error, as on AWS. The history stays."""
    names = set(request["AlarmNames"])
    with aws.store.transaction():
        for name in names:
            if left := set(alarms.parents_of(aws, name)) - names:
                raise AwsError("ValidationException", f"{name} is part of the composite alarm {min(left)}.")
        for name in names:
            aws.store.delete(alarms.ALARMS, name)
    return None


@operations("DescribeAlarms")
def describe_alarms(aws: Aws, request: Request) -> Result:
    """Metric alarms only, unless AlarmTypes asks for others, as on AWS."""
    kinds = request.get("AlarmTypes") or ["MetricAlarm"]
    names, prefix = request.get("AlarmNames"), request.get("AlarmNamePrefix") or ""
    if names and prefix:
        raise AwsError("InvalidParameterCombinationException", "AlarmNames and AlarmNamePrefix exclude each other.")
    for member in ("ChildrenOfAlarmName", "ParentsOfAlarmName"):
        if request.get(member):
            raise NotSupported(f"the member {member} of DescribeAlarms")
    kept = [
        alarm
        for _, alarm in aws.store.scan(alarms.ALARMS, prefix)
        if alarm["AlarmType"] in kinds
        and (not names or alarm["AlarmName"] in names)
        and request.get("StateValue") in (None, alarm["StateValue"])
        and any(
            arn.startswith(request.get("ActionPrefix") or "")
            for arn in [*alarm["AlarmActions"], *alarm["OKActions"], *alarm["InsufficientDataActions"]] or [""]
        )
    ]
    found, token = crud.cut(
        kept, lambda alarm: alarm["AlarmName"], request.get("NextToken"), request.get("MaxRecords", 50)
    )
    return {
        "MetricAlarms": [alarm for alarm in found if alarm["AlarmType"] == "MetricAlarm"],
        "CompositeAlarms": [alarm for alarm in found if alarm["AlarmType"] == "CompositeAlarm"],
        "NextToken": token,
    }


@operations("DescribeAlarmsForMetric")
def describe_alarms_for_metric(aws: Aws, request: Request) -> Result:
    wanted = Metric.of(request).key
    equal = ("Statistic", "ExtendedStatistic", "Period", "Unit")
    found = [
        alarm
        for _, alarm in aws.store.scan(alarms.ALARMS)
        if alarm["AlarmType"] == "MetricAlarm"
        and Metric.of(alarm).key == wanted
        and all(request.get(member) in (None, alarm.get(member)) for member in equal)
    ]
    return {"MetricAlarms": found}


@operations("DescribeAlarmHistory")
def describe_alarm_history(aws: Aws, request: Request) -> Result:
    name = request.get("AlarmName")
    kinds = request.get("AlarmTypes") or ["MetricAlarm"]
    items = [
        item
        for _, item in aws.store.scan(alarms.HISTORY, f"{name}/" if name else "")
        if item["AlarmType"] in kinds
        and request.get("HistoryItemType") in (None, item["HistoryItemType"])
        and request.get("StartDate", 0) <= item["Timestamp"] <= request.get("EndDate", float("inf"))
    ]
    found, token = crud.cut(
        items,
        lambda item: item["Order"],
        request.get("NextToken"),
        request.get("MaxRecords", 100),
        descending=request.get("ScanBy", "TimestampDescending") == "TimestampDescending",
    )
    return {"AlarmHistoryItems": found, "NextToken": token}


@operations("SetAlarmState")
def set_alarm_state(aws: Aws, request: Request) -> Result:
    """Until the next evaluation says otherwise, as on AWS."""
    with aws.store.transaction():
        alarm = alarms.find(aws, request["AlarmName"])
        alarms.transition(aws, alarm, request["StateValue"], request["StateReason"], request.get("StateReasonData"))
    return None


def _switch(aws: Aws, request: Request, *, enabled: bool) -> Result:
    with aws.store.transaction():
        for name in request["AlarmNames"]:
            if alarm := aws.store.get(alarms.ALARMS, name):
                aws.store.put(alarms.ALARMS, name, alarm | {"ActionsEnabled": enabled})
    return None


operations("EnableAlarmActions")(lambda aws, request: _switch(aws, request, enabled=True))
operations("DisableAlarmActions")(lambda aws, request: _switch(aws, request, enabled=False))


# tags


@operations("TagResource")
def tag(aws: Aws, request: Request) -> Result:
    with aws.store.transaction():
        alarm = alarms.find(aws, name_of(request["ResourceARN"]))
        alarm["Tags"] |= {item["Key"]: item["Value"] for item in request["Tags"]}
        aws.store.put(alarms.ALARMS, alarm["AlarmName"], alarm)
    return {}


@operations("UntagResource")
def untag(aws: Aws, request: Request) -> Result:
    with aws.store.transaction():
        alarm = alarms.find(aws, name_of(request["ResourceARN"]))
        alarm["Tags"] = {key: value for key, value in alarm["Tags"].items() if key not in request["TagKeys"]}
        aws.store.put(alarms.ALARMS, alarm["AlarmName"], alarm)
    return {}


@operations("ListTagsForResource")
def list_tags(aws: Aws, request: Request) -> Result:
    tags = alarms.find(aws, name_of(request["ResourceARN"]))["Tags"]
    return {"Tags": [{"Key": name, "Value": value} for name, value in tags.items()]}
