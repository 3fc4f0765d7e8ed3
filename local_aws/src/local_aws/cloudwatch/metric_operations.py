"""CloudWatch's operations on metrics. Expressions are refused by name."""

import math
from typing import Any

from local_aws import crud
from local_aws.cloudwatch import metrics, statistics
from local_aws.cloudwatch.metrics import Metric
from local_aws.errors import AwsError, NotSupported
from local_aws.operations import Aws, Operations, Request, Result

Document = dict[str, Any]

operations = Operations("cloudwatch")

_PAST, _FUTURE = 14 * 86_400, 2 * 3600
_MOST_POINTS = 1440
_SHORT_PERIODS = (1, 5, 10, 20, 30)


def _invalid(message: str) -> AwsError:
    return AwsError("InvalidParameterValueException", message)


@operations("PutMetricData")
def put_metric_data(aws: Aws, request: Request) -> Result:
    if request.get("EntityMetricData"):
        raise NotSupported("EntityMetricData of PutMetricData")
    namespace = request["Namespace"]
    if namespace.startswith("AWS/"):
        raise _invalid(f"The value {namespace} for parameter Namespace is invalid: AWS/ is AWS's own.")
    now = aws.clock.now()
    rows = []
    for datum in request.get("MetricData") or []:
        at = datum.get("Timestamp")
        if at is not None and not now - _PAST <= at <= now + _FUTURE:
            raise _invalid(f"The timestamp of {datum['MetricName']} is not within the last two weeks.")
        metric = Metric.of(datum | {"Namespace": namespace})
        rows.append((metric, now if at is None else at, _document(datum)))
    metrics.write(aws, rows)
    return None


def _document(datum: Document) -> Document:
    """Raises AwsError when the datum does not say one thing."""
    given = [member for member in ("Value", "Values", "StatisticValues") if datum.get(member) is not None]
    if len(given) != 1:
        raise AwsError(
            "InvalidParameterCombinationException",
            f"The datum {datum['MetricName']} needs one of Value, Values and StatisticValues.",
        )
    unit = datum.get("Unit") or "None"
    if given == ["StatisticValues"]:
        _check_numbers(datum["MetricName"], datum["StatisticValues"].values())
        return {"Set": datum["StatisticValues"], "Unit": unit}
    values = [datum["Value"]] if given == ["Value"] else datum["Values"]
    counts = datum.get("Counts") or [1.0] * len(values)
    if len(values) != len(counts) or not 1 <= len(values) <= 150:
        raise _invalid(f"The datum {datum['MetricName']} needs as many Counts as Values, at most 150.")
    _check_numbers(datum["MetricName"], [*values, *counts])
    return {"Values": list(zip(values, counts, strict=True)), "Unit": unit}


def _check_numbers(name: str, numbers: Any) -> None:
    if not all(isinstance(number, int | float) and math.isfinite(number) for number in numbers):
        raise _invalid(f"The datum {name} has a value that is no finite number.")


def check_period(period: int) -> None:
    """Raises AwsError unless it is one of the short periods or a multiple of a minute."""
    if period not in _SHORT_PERIODS and (period < 60 or period % 60):
        raise _invalid(f"The period {period} must be 1, 5, 10, 20, 30 or a multiple of 60.")


@operations("GetMetricStatistics")
def get_metric_statistics(aws: Aws, request: Request) -> Result:
    basic, extended = request.get("Statistics") or [], request.get("ExtendedStatistics") or []
    if bool(basic) == bool(extended):
        raise AwsError(
            "InvalidParameterCombinationException", "Exactly one of Statistics and ExtendedStatistics is needed."
        )
    for name in extended:
        statistics.percentile(name)
    period, start, end = request["Period"], request["StartTime"], request["EndTime"]
    check_period(period)
    if start >= end:
        raise _invalid("The parameter StartTime must be less than the parameter EndTime.")
    if (end - start) / period > _MOST_POINTS:
        raise AwsError(
            "InvalidParameterCombinationException",
            f"You have requested up to {math.ceil((end - start) / period):,} datapoints, which exceeds the limit of"
            f" {_MOST_POINTS:,}. You may reduce the datapoints requested by increasing Period, or decreasing the time"
            " range.",
        )
    begin = start // period * period
    rows = metrics.read(aws, Metric.of(request), begin, end, request.get("Unit"))
    points = []
    for unit in sorted({document["Unit"] for _, document in rows}):
        of_unit = (row for row in rows if row[1]["Unit"] == unit)
        for at, summary in statistics.by_period(of_unit, period, begin).items():
            point = {name: summary.statistic(name) for name in basic}
            if extended:
                found = {name: summary.statistic(name) for name in extended}
                if not (known := {name: value for name, value in found.items() if value is not None}):
                    continue
                point["ExtendedStatistics"] = known  # type: ignore[assignment]
            points.append(point | {"Timestamp": at, "Unit": unit})
    return {"Label": request["MetricName"], "Datapoints": points}


@operations("GetMetricData")
def get_metric_data(aws: Aws, request: Request) -> Result:
    """All of it in one page."""
    for member in ("NextToken", "LabelOptions"):
        if request.get(member):
            raise NotSupported(f"the member {member} of GetMetricData")
    start, end = request["StartTime"], request["EndTime"]
    if start >= end:
        raise AwsError("ValidationException", "The parameter StartTime must be less than the parameter EndTime.")
    results = []
    for query in request["MetricDataQueries"]:
        if query.get("Expression") or not query.get("MetricStat"):
            raise NotSupported(f"expressions in GetMetricData (the query {query['Id']})")
        found = _points(aws, query["MetricStat"], start, end)
        if request.get("ScanBy", "TimestampDescending") == "TimestampDescending":
            found.reverse()
        if query.get("ReturnData", True):
            results.append(
                {
                    "Id": query["Id"],
                    "Label": query.get("Label") or query["MetricStat"]["Metric"]["MetricName"],
                    "Timestamps": [at for at, _ in found],
                    "Values": [value for _, value in found],
                    "StatusCode": "Complete",
                }
            )
    return {"MetricDataResults": results, "Messages": []}


def _points(aws: Aws, wanted: Document, start: float, end: float) -> list[tuple[float, float]]:
    statistics.check(wanted["Stat"])
    check_period(wanted["Period"])
    begin = start // wanted["Period"] * wanted["Period"]
    rows = metrics.read(aws, Metric.of(wanted["Metric"]), begin, end, wanted.get("Unit"))
    found = statistics.by_period(rows, wanted["Period"], begin)
    values = ((at, summary.statistic(wanted["Stat"])) for at, summary in found.items())
    return [(at, value) for at, value in values if value is not None]


@operations("ListMetrics")
def list_metrics(aws: Aws, request: Request) -> Result:
    for member in ("IncludeLinkedAccounts", "OwningAccount"):
        if request.get(member):
            raise NotSupported(f"the member {member} of ListMetrics")
    since = aws.clock.now() - 3 * 3600 if request.get("RecentlyActive") else None
    kept = [metric.describe() for metric in metrics.known(aws, since) if _passes(metric, request)]
    found, token = crud.cut(kept, lambda item: Metric.of(item).key, request.get("NextToken"), 500)
    return {"Metrics": found, "NextToken": token}


def _passes(metric: Metric, request: Request) -> bool:
    return (
        request.get("Namespace") in (None, metric.namespace)
        and request.get("MetricName") in (None, metric.name)
        and all(
            item["Name"] in metric.dimensions and item.get("Value") in (None, metric.dimensions[item["Name"]])
            for item in request.get("Dimensions") or []
        )
    )
