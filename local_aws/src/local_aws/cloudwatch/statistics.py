"""Statistics of a period: pure functions over what was published in it."""

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from local_aws.errors import AwsError, NotSupported

Document = dict[str, Any]

BASIC = ("SampleCount", "Average", "Sum", "Minimum", "Maximum")

_PERCENTILE = re.compile(r"p(\d{1,2}(?:\.\d{1,10})?|100(?:\.0{1,10})?)")


@dataclass
class Summary:
    """What a period saw. `values` are (value, count) pairs, None once a statistic set hides single values."""

    count: float = 0.0
    total: float = 0.0
    low: float = math.inf
    high: float = -math.inf
    values: list[tuple[float, float]] | None = field(default_factory=list)

    def add(self, document: Document) -> None:
        """`document` of the store: "Values" as pairs, or "Set" as a statistic set."""
        if "Set" in document:
            given = document["Set"]
            self._merge(given["SampleCount"], given["Sum"], given["Minimum"], given["Maximum"])
            if given["Minimum"] != given["Maximum"]:
                self.values = None
            elif self.values is not None:
                self.values.append((given["Minimum"], given["SampleCount"]))
            return
        for value, count in document["Values"]:
            self._merge(count, value * count, value, value)
            if self.values is not None:
                self.values.append((value, count))

    def _merge(self, count: float, total: float, low: float, high: float) -> None:
        self.count += count
        self.total += total
        self.low, self.high = min(self.low, low), max(self.high, high)

    def statistic(self, name: str) -> float | None:
        """One of BASIC or a percentile `pNN.N`; None when the period saw nothing of which it can be said.

        Raises AwsError for a name that is none. CloudWatch approximates percentiles; here they are the nearest rank.
        """
        if self.count == 0:
            return None
        if name in BASIC:
            return {
                "SampleCount": self.count,
                "Average": self.total / self.count,
                "Sum": self.total,
                "Minimum": self.low,
                "Maximum": self.high,
            }[name]
        return self._percentile(percentile(name))

    def _percentile(self, percent: float) -> float | None:
        if self.values is None:
            return None
        rank, seen = percent / 100 * self.count, 0.0
        for value, count in sorted(self.values):
            seen += count
            if seen >= rank:
                return value
        return self.high


def percentile(name: str) -> float:
    """`p99.9` → 99.9. Raises AwsError for what is none, NotImplemented for the statistics that are not here."""
    if found := _PERCENTILE.fullmatch(name):
        return float(found[1])
    if re.match(r"(?i)(tm|wm|ts|tc|pr|iqm)\b|(tm|wm|ts|tc)\d|(TM|WM|TS|TC|PR)\(", name):
        raise NotSupported(f"the statistic {name} of CloudWatch")
    raise AwsError("InvalidParameterValueException", f"The value {name} for the statistic is invalid.")


def check(name: str) -> None:
    """Raises AwsError when `name` is no statistic that `Summary.statistic` knows."""
    if name not in BASIC:
        percentile(name)


def by_period(rows: Iterable[tuple[float, Document]], period: float, start: float) -> dict[float, Summary]:
    """Period's beginning → what it saw, oldest first; periods are counted from `start`."""
    found: dict[float, Summary] = {}
    for at, document in rows:
        found.setdefault(start + (at - start) // period * period, Summary()).add(document)
    return dict(sorted(found.items()))
