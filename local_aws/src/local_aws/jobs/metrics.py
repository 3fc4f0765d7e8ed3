"""Metrics out of log lines: by the request's MetricDefinitions, or by the image's own expression."""

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

Found = Iterator[tuple[str, float]]


class Metrics:
    """The last value of each metric, as FinalMetricDataList has it.

    definitions  the request's `[{"Name", "Regex"}]`
    own          the image's expression with groups `name`, `value` and perhaps `set`, or ""
    now          the clock
    """

    def __init__(self, definitions: Iterable[Mapping[str, str]], own: str, now: Callable[[], float]) -> None:
        self._definitions = [(definition["Name"], re.compile(definition["Regex"])) for definition in definitions]
        self._own = re.compile(own) if own else None
        self._now = now
        self._last: dict[str, tuple[float, float]] = {}

    def read(self, lines: Iterable[str]) -> list[tuple[str, float]]:
        """Take in lines, and give back what they say."""
        read: list[tuple[str, float]] = []
        for line in lines:
            # AWS's log agent writes a tab as #011, and its expressions for built-in algorithms say so.
            marked = line.replace("\t", "#011")
            found = [*self._defined(line, marked), *self._builtin(line)]
            self._last |= {name: (value, self._now()) for name, value in found}
            read += found
        return read

    def final(self) -> list[dict[str, Any]]:
        """`[{"MetricName", "Value", "Timestamp"}]`, by name."""
        return [
            {"MetricName": name, "Value": value, "Timestamp": when}
            for name, (value, when) in sorted(self._last.items())
        ]

    def _defined(self, line: str, marked: str) -> Found:
        for name, regex in self._definitions:
            match = regex.search(line) or regex.search(marked)
            if match and match.groups():
                yield from _number(name, match[1])

    def _builtin(self, line: str) -> Found:
        for match in self._own.finditer(line) if self._own else ():
            groups = match.groupdict()
            name = groups["name"]
            yield from _number(f"{groups['set']}:{name}" if groups.get("set") else name, groups["value"])


def _number(name: str, text: str) -> Found:
    try:
        value = float(text)
    except ValueError:
        return
    if math.isfinite(value):
        yield name, value
