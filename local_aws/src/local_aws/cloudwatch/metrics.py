"""What was published: one row a datum. Rooms inside the server call `record`."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from local_aws.operations import Aws

Document = dict[str, Any]


@dataclass(frozen=True)
class Metric:
    """A metric by its namespace, name and dimensions."""

    namespace: str
    name: str
    dimensions: Mapping[str, str] = field(default_factory=dict)

    @property
    def key(self) -> str:
        return json.dumps([self.namespace, self.name, sorted(self.dimensions.items())])

    @classmethod
    def of(cls, document: Document) -> "Metric":
        """From a request's Namespace, MetricName and Dimensions."""
        dimensions = {item["Name"]: item["Value"] for item in document.get("Dimensions") or []}
        return cls(document["Namespace"], document["MetricName"], dimensions)

    @classmethod
    def from_key(cls, key: str) -> "Metric":
        namespace, name, dimensions = json.loads(key)
        return cls(namespace, name, dict(dimensions))

    def describe(self) -> Document:
        return {
            "Namespace": self.namespace,
            "MetricName": self.name,
            "Dimensions": [{"Name": name, "Value": value} for name, value in self.dimensions.items()],
        }


@dataclass(frozen=True)
class Datum:
    """Observed values of a metric at a moment, in seconds since 1970; `values` are (value, count) pairs."""

    metric: Metric
    at: float
    values: tuple[tuple[float, float], ...]
    unit: str = "None"

    def document(self) -> Document:
        return {"Values": self.values, "Unit": self.unit}


def record(aws: Aws, data: Iterable[Datum]) -> None:
    """Durable when the open transaction commits, or at once outside of one."""
    write(aws, ((datum.metric, datum.at, datum.document()) for datum in data))


def write(aws: Aws, rows: Iterable[tuple[Metric, float, Document]]) -> None:
    """As `record`, with documents: "Unit", and "Values" as pairs or "Set" as a statistic set."""
    with aws.store.transaction():
        for metric, at, document in rows:
            aws.store.sql(
                "INSERT INTO metrics (metric, at, document) VALUES (?, ?, ?)", (metric.key, at, json.dumps(document))
            )


def read(aws: Aws, metric: Metric, start: float, end: float, unit: str | None = None) -> list[tuple[float, Document]]:
    """What was published from `start` until before `end`, oldest first; of one unit when it is given."""
    rows = aws.store.sql(
        "SELECT at, document FROM metrics WHERE metric = ? AND at >= ? AND at < ? ORDER BY at", (metric.key, start, end)
    )
    found = [(at, json.loads(text)) for at, text in rows]
    return [(at, document) for at, document in found if unit in (None, document["Unit"])]


def known(aws: Aws, since: float | None = None) -> list[Metric]:
    """Every metric that has data, or has had data since a moment."""
    rows = aws.store.sql("SELECT DISTINCT metric FROM metrics WHERE at >= ? ORDER BY metric", (since or 0.0,))
    return [Metric.from_key(key) for (key,) in rows]
