"""Metrics as clients see them, against moto where moto does it; statistics against numpy."""

import math
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from conftest import Target
from local_aws.cloudwatch.statistics import Summary, by_period

Fresh = Callable[[str], str]
NOW = time.time() // 600 * 600 - 600
ALL = ["SampleCount", "Average", "Sum", "Minimum", "Maximum"]


def put(cloudwatch: Any, namespace: str, values: list[float], at: float = NOW, **more: Any) -> None:
    dimensions = [{"Name": "EndpointName", "Value": namespace}]
    data = [
        {"MetricName": "Latency", "Dimensions": dimensions, "Timestamp": at, "Value": value, "Unit": "Milliseconds"}
        | more
        for value in values
    ]
    cloudwatch.put_metric_data(Namespace=namespace, MetricData=data)


def statistics(cloudwatch: Any, namespace: str, **more: Any) -> list[dict[str, Any]]:
    request = {
        "Namespace": namespace,
        "MetricName": "Latency",
        "Dimensions": [{"Name": "EndpointName", "Value": namespace}],
        "StartTime": NOW - 300,
        "EndTime": NOW + 300,
        "Period": 60,
    }
    found = cloudwatch.get_metric_statistics(**request | more)["Datapoints"]
    return sorted(found, key=lambda point: point["Timestamp"])


def test_statistics_of_a_minute(aws_target: Target, fresh: Fresh) -> None:
    cloudwatch, namespace = aws_target.client("cloudwatch"), fresh("app")
    put(cloudwatch, namespace, [1.0, 2.0, 6.0])
    put(cloudwatch, namespace, [10.0], at=NOW + 60)
    first, second = statistics(cloudwatch, namespace, Statistics=ALL)
    assert [first[name] for name in ALL] == [3, 3, 9, 1, 6]
    assert (second["Average"], second["Unit"]) == (10, "Milliseconds")
    assert (second["Timestamp"] - first["Timestamp"]).total_seconds() == 60
    (both,) = statistics(
        cloudwatch, namespace, Statistics=["Sum"], Period=600, StartTime=NOW - NOW % 600, EndTime=NOW - NOW % 600 + 600
    )
    assert both["Sum"] == 19


def test_data_of_a_query(aws_target: Target, fresh: Fresh) -> None:
    cloudwatch, namespace = aws_target.client("cloudwatch"), fresh("app")
    put(cloudwatch, namespace, [4.0, 8.0])
    metric = {
        "Namespace": namespace,
        "MetricName": "Latency",
        "Dimensions": [{"Name": "EndpointName", "Value": namespace}],
    }
    query = {"Id": "latency", "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Average"}}
    (found,) = cloudwatch.get_metric_data(MetricDataQueries=[query], StartTime=NOW - 60, EndTime=NOW + 60)[
        "MetricDataResults"
    ]
    assert (found["Id"], found["Values"], found["Timestamps"][0].timestamp()) == ("latency", [6.0], NOW)
    listed = cloudwatch.list_metrics(Namespace=namespace)["Metrics"]
    assert listed == [metric]


def test_percentiles_and_counts(client: Callable[..., Any], fresh: Fresh) -> None:
    cloudwatch, namespace = client("cloudwatch"), fresh("app")
    values = [float(value) for value in range(1, 101)]
    data = {"MetricName": "Latency", "Dimensions": [{"Name": "EndpointName", "Value": namespace}], "Timestamp": NOW}
    cloudwatch.put_metric_data(
        Namespace=namespace, MetricData=[data | {"Values": values, "Counts": [2.0] * 100, "Unit": "Milliseconds"}]
    )
    (point,) = statistics(cloudwatch, namespace, ExtendedStatistics=["p50", "p99", "p99.9", "p100"])
    assert point["ExtendedStatistics"] == {"p50": 50, "p99": 99, "p99.9": 100, "p100": 100}
    with pytest.raises(ClientError, match="tm90"):
        statistics(cloudwatch, namespace, ExtendedStatistics=["tm90"])
    query = {"Id": "e", "Expression": "m1 / m2"}
    with pytest.raises(ClientError, match="expressions"):
        cloudwatch.get_metric_data(MetricDataQueries=[query], StartTime=NOW, EndTime=NOW + 60)


@pytest.mark.parametrize(
    ("namespace", "datum", "code"),
    [
        ("AWS/SageMaker", {"Value": 1.0}, "InvalidParameterValue"),
        ("app", {"Value": float("nan")}, "ValidationError"),
        ("app", {"Values": [1.0, 2.0], "Counts": [1.0]}, "InvalidParameterValue"),
        ("app", {"Value": 1.0, "Values": [1.0]}, "InvalidParameterCombination"),
        ("app", {"Value": 1.0, "Timestamp": 0}, "InvalidParameterValue"),
    ],
)
def test_what_is_refused(client: Callable[..., Any], namespace: str, datum: dict[str, Any], code: str) -> None:
    with pytest.raises(ClientError) as error:
        client("cloudwatch").put_metric_data(Namespace=namespace, MetricData=[{"MetricName": "m"} | datum])
    assert error.value.response["Error"]["Code"] == code


_VALUES = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=40)


@given(_VALUES, st.floats(0.1, 100))
def test_as_numpy(values: list[float], percent: float) -> None:
    summary = Summary()
    summary.add({"Values": [(value, 1.0) for value in values]})
    assert summary.statistic("Sum") == pytest.approx(np.sum(values), abs=1e-6)
    assert (summary.statistic("Minimum"), summary.statistic("Maximum")) == (min(values), max(values))
    percent = round(percent, 2)
    assert summary.statistic(f"p{percent}") == np.percentile(values, percent, method="inverted_cdf")


@given(st.lists(st.tuples(st.floats(0, 1e5), st.floats(-10, 10)), max_size=40), st.sampled_from([1, 60, 300]))
def test_periods_lose_nothing(points: list[tuple[float, float]], period: int) -> None:
    found = by_period(((at, {"Values": [(value, 1.0)]}) for at, value in points), period, 0.0)
    assert sum(summary.count for summary in found.values()) == len(points)
    assert math.isclose(
        sum(summary.total for summary in found.values()), sum(value for _, value in points), abs_tol=1e-6
    )
    assert list(found) == sorted(found)


def test_a_statistic_set_has_no_percentiles() -> None:
    summary = Summary()
    summary.add({"Set": {"SampleCount": 4, "Sum": 10, "Minimum": 1, "Maximum": 4}})
    assert (summary.statistic("Average"), summary.statistic("p50")) == (2.5, None)
