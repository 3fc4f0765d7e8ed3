"""Invocations become metrics: gathered in memory, recorded in batches, one commit for many requests.

Names, units and dimensions: https://docs.aws.amazon.com/sagemaker/latest/dg/monitoring-cloudwatch.html
"""

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from local_aws.cloudwatch.metrics import Datum, Metric
from local_aws.endpoints.group import Group

NAMESPACE = "AWS/SageMaker"

#: Observations of so many seconds are one datum; an alarm's shortest period.
BUCKET = 10

Observed = tuple[float, int, float, float, int]


def drain(groups: Iterable[Group]) -> list[Datum]:
    """All that was observed and is not recorded yet. Each observation is handed out once, also to two threads."""
    found: list[Datum] = []
    for group in groups:
        held: dict[float, list[Observed]] = {}
        for _ in range(len(group.observed)):
            try:
                observed = group.observed.popleft()
            except IndexError:
                break
            held.setdefault(observed[0] // BUCKET * BUCKET, []).append(observed)
        for at, observations in held.items():
            found += _data(group, at, observations)
    return found


def _data(group: Group, at: float, observations: Sequence[Observed]) -> Iterator[Datum]:
    plain = {"EndpointName": group.endpoint, "VariantName": group.name}
    exact = plain | {"EndpointConfigName": str(group.config["EndpointConfigName"])}
    statuses = [status for _, status, _, _, _ in observations]
    values = {
        "Invocations": (_same(1.0, len(observations)), "None"),
        "Invocation4XXErrors": (_share(400 <= status < 500 for status in statuses), "None"),
        "Invocation5XXErrors": (_share(status == 0 or status >= 500 for status in statuses), "None"),
        "InvocationModelErrors": (_share(not 200 <= status < 300 for status in statuses), "None"),
        "ModelLatency": (_rounded(latency for _, _, latency, _, _ in observations), "Microseconds"),
        "OverheadLatency": (_rounded(overhead for _, _, _, overhead, _ in observations), "Microseconds"),
    }
    for name, (pairs, unit) in values.items():
        for dimensions in (plain, exact):
            yield Datum(Metric(NAMESPACE, name, dimensions), at, pairs, unit)
    per_instance = Counter(1.0 / max(count, 1) for *_, count in observations)
    pairs = tuple((value, float(times)) for value, times in per_instance.items())
    yield Datum(Metric(NAMESPACE, "InvocationsPerInstance", plain), at, pairs)


def _same(value: float, count: int) -> tuple[tuple[float, float], ...]:
    return ((value, float(count)),)


def _share(flags: Iterable[bool]) -> tuple[tuple[float, float], ...]:
    """1 for each that is true and 0 for each that is not: the average is their share."""
    return tuple((float(flag), float(times)) for flag, times in Counter(flags).items())


def _rounded(values: Iterable[float]) -> tuple[tuple[float, float], ...]:
    """Two significant digits are as much as a percentile needs."""
    counted = Counter(round(value, 1 - math.floor(math.log10(value))) if value > 0 else 0.0 for value in values)
    return tuple((value, float(times)) for value, times in counted.items())
