"""Alarms and composite alarms."""

from collections.abc import Callable

from local_aws.cloudformation.resources.calls import call, tag_map
from local_aws.cloudformation.resources.kind import Document, Made, ResourceType
from local_aws.errors import AwsError
from local_aws.operations import Aws

_EVERY = frozenset(
    {
        "ActionsEnabled",
        "AlarmActions",
        "AlarmDescription",
        "AlarmName",
        "InsufficientDataActions",
        "OKActions",
        "Tags",
    }
)

_METRIC = frozenset(
    {
        "ComparisonOperator",
        "DatapointsToAlarm",
        "Dimensions",
        "EvaluateLowSampleCountPercentile",
        "EvaluationPeriods",
        "ExtendedStatistic",
        "MetricName",
        "Namespace",
        "Period",
        "Statistic",
        "Threshold",
        "TreatMissingData",
        "Unit",
    }
)


def _creates(operation: str) -> Callable[[Aws, str, Document], Made]:
    def create(aws: Aws, name: str, properties: Document) -> Made:
        if _arns(aws, name):
            raise AwsError("AlreadyExists", f"{name} already exists")
        call(aws, "cloudwatch", operation, **properties | {"AlarmName": name})
        (arn,) = _arns(aws, name)
        return Made(name, {"Arn": arn})

    return create


def _arns(aws: Aws, name: str) -> list[str]:
    """The ARN of the alarm of this name, of either kind, where there is one."""
    kinds = ["MetricAlarm", "CompositeAlarm"]
    found = call(aws, "cloudwatch", "DescribeAlarms", AlarmNames=[name], AlarmTypes=kinds)
    return [alarm["AlarmArn"] for kind in kinds for alarm in found.get(f"{kind}s", [])]


def _updates(operation: str) -> Callable[[Aws, Made, Document, Document], Made]:
    def update(aws: Aws, made: Made, before: Document, now: Document) -> Made:
        given = {key: value for key, value in now.items() if key != "Tags"}  # which a put of what is there ignores
        call(aws, "cloudwatch", operation, **given | {"AlarmName": made.id})
        held, wanted, arn = tag_map(before.get("Tags")), tag_map(now.get("Tags")), made.attributes["Arn"]
        if gone := sorted(held.keys() - wanted.keys()):
            call(aws, "cloudwatch", "UntagResource", ResourceARN=arn, TagKeys=gone)
        if wanted != held:
            call(aws, "cloudwatch", "TagResource", ResourceARN=arn, Tags=now.get("Tags") or [])
        return made

    return update


def _delete(aws: Aws, made: Made, _: Document) -> None:
    call(aws, "cloudwatch", "DeleteAlarms", AlarmNames=[made.id])


def _row(kind: str, operation: str, properties: frozenset[str]) -> ResourceType:
    return ResourceType(kind, _EVERY | properties, _creates(operation), _delete, _updates(operation), name="AlarmName")


TYPES = (
    _row("AWS::CloudWatch::Alarm", "PutMetricAlarm", _METRIC),
    _row("AWS::CloudWatch::CompositeAlarm", "PutCompositeAlarm", frozenset({"AlarmRule"})),
)
