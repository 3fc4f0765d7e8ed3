"""Ranges of hyperparameters: what AWS calls them, their checks, and values in both directions.

Source: https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-define-ranges.html. With the scaling
Auto, AWS chooses and does not say how: here a range above 0 that spans two orders of magnitude is logarithmic.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from local_aws.errors import AwsError

Document = dict[str, Any]

AUTO_LOGARITHMIC = 100.0


@dataclass(frozen=True)
class Range(ABC):
    """A hyperparameter that is tuned. `inside` and `outside` translate its texts to what a sampler works on."""

    name: str

    @abstractmethod
    def distribution(self) -> tuple[str, Document]:
        """The kind of Optuna's distribution ("Float", "Int", "Categorical") and its arguments."""

    @abstractmethod
    def inside(self, text: str) -> Any:
        """The sampler's value. Raises ValueError for a text outside of the range."""

    @abstractmethod
    def outside(self, value: Any) -> str:
        """The text that the training job gets."""


@dataclass(frozen=True)
class Number(Range):
    low: float
    high: float
    logarithmic: bool
    whole: bool = False

    def distribution(self) -> tuple[str, Document]:
        kind, cast = ("Int", int) if self.whole else ("Float", float)
        return kind, {"low": cast(self.low), "high": cast(self.high), "log": self.logarithmic}

    def inside(self, text: str) -> Any:
        value = int(text) if self.whole else float(text)
        if not self.low <= value <= self.high:
            raise ValueError(text)
        return value

    def outside(self, value: Any) -> str:
        return str(int(value)) if self.whole else repr(float(value))


@dataclass(frozen=True)
class Reversed(Number):
    """ReverseLogarithmic: as fine towards 1 as a logarithmic range is towards 0."""

    def distribution(self) -> tuple[str, Document]:
        return "Float", {"low": 1 - self.high, "high": 1 - self.low, "log": True}

    def inside(self, text: str) -> Any:
        return 1 - super().inside(text)

    def outside(self, value: Any) -> str:
        return repr(min(max(1 - float(value), self.low), self.high))


@dataclass(frozen=True)
class Choice(Range):
    values: tuple[str, ...]

    def distribution(self) -> tuple[str, Document]:
        return "Categorical", {"choices": self.values}

    def inside(self, text: str) -> Any:
        if text not in self.values:
            raise ValueError(text)
        return text

    def outside(self, value: Any) -> str:
        return str(value)


def read(ranges: Document) -> list[Range]:
    """`ParameterRanges` as rows, sorted by name. Raises AwsError with one sentence for a range that cannot be."""
    found: list[Range] = sorted(_rows(ranges), key=lambda row: row.name)
    names = [row.name for row in found]
    for name in sorted({name for name in names if names.count(name) > 1}):
        raise _refused(f"The hyperparameter {name} has more than one range.")
    if not found:
        raise _refused("At least one hyperparameter range is needed.")
    return found


def _rows(ranges: Document) -> Iterator[Range]:
    for row in ranges.get("IntegerParameterRanges") or []:
        yield _number(row, whole=True)
    for row in ranges.get("ContinuousParameterRanges") or []:
        yield _number(row, whole=False)
    for row in ranges.get("CategoricalParameterRanges") or []:
        values = tuple(row["Values"])
        if len(set(values)) < len(values):
            raise _refused(f"The categories of the hyperparameter {row['Name']} are not unique.")
        yield Choice(row["Name"], values)


def _number(row: Document, whole: bool) -> Number:
    name = row["Name"]
    try:
        low, high = (int(row[end]) if whole else float(row[end]) for end in ("MinValue", "MaxValue"))
        finite = math.isfinite(float(high) - float(low))
    except (ValueError, OverflowError):
        finite = False
    if not finite:
        what = "integers" if whole else "numbers"
        raise _refused(
            f"MinValue and MaxValue of the hyperparameter {name} must be {what}, finite as is their difference."
        )
    if not low <= high:
        raise _refused(f"The MaxValue {high} of the hyperparameter {name} is below its MinValue {low}.")
    scaling = row.get("ScalingType", "Auto")
    if scaling == "Logarithmic" and low <= 0:
        raise _refused(f"The hyperparameter {name} has the scaling Logarithmic: its MinValue must be above 0.")
    if scaling == "ReverseLogarithmic":
        if whole or not 0 <= low <= high < 1:
            raise _refused(
                f"The hyperparameter {name} has the scaling ReverseLogarithmic: it must be continuous within [0, 1)."
            )
        return Reversed(name, low, high, logarithmic=True)
    auto = scaling == "Auto" and low > 0 and high / low >= AUTO_LOGARITHMIC
    return Number(name, low, high, logarithmic=auto or scaling == "Logarithmic", whole=whole)


def _refused(sentence: str) -> AwsError:
    return AwsError("ValidationException", sentence)
