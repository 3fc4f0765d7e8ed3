"""Lines of a batch by content type: which go in, and what must come out behind filters, join and stamps."""

import csv
import json
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from contract.errors import InputError
from contract.package import Golden
from model_deploy import config, filters
from model_deploy.proof import bodies, golden
from model_deploy.proof.bodies import Record

#: What SageMaker adds: the answer beside the input, and the stamps of a captured result.
OUTPUT, INPUT, STAMPS = "SageMakerOutput", "SageMakerInput", ("SageMakerInferenceId", "SageMakerInferenceTime")

#: How the decision of a CSV row begins for a record that could not be answered.
ERROR = "ERROR: "

#: What the input filter takes away may be anything.
FILLER = "-"


@dataclass(frozen=True)
class Expected:
    """A value of the answer; `value` is None where an error row holds nothing."""

    name: str
    value: Any

    def fault(self, found: Any) -> str | None:
        if isinstance(found, str) and found.startswith(ERROR):
            return f"it was refused: {found}"
        if _same(self.value, found):
            return None
        if self.name == "model_version":
            return f"version {found} answered, version {self.value} is meant to be there"
        return f"the {self.name} was {self.value!r} at training time and is {found!r}"


class Reason(Expected):
    """Why a record was not answered, in any words; `value` is how they begin."""

    def fault(self, found: Any) -> str | None:
        given = isinstance(found, str) and found.startswith(self.value) and found
        return None if given else f"it was not refused: {found!r} is the answer"


@dataclass(frozen=True)
class Lines(ABC):
    """How the records of one content type travel through a transform job with these settings."""

    settings: config.Batch

    @cached_property
    def input_filter(self) -> filters.Path:
        return filters.parse(self.settings.input_filter)

    @cached_property
    def output_filter(self) -> filters.Path:
        return filters.parse(self.settings.output_filter)

    def difference(self, line: str, one: Golden, found: str, version: int, refused: bool = False) -> str | None:
        """What tells the result of a line from what it must be, in words; None when nothing does.

        one      the record, or with `refused` one whose answer has the same form as an error row

        Raises InputError when the output filter leaves nothing of the answer.
        """
        wanted = self.wanted(line, one, version, refused)
        if not any(isinstance(leaf, Expected) for leaf in _leaves(wanted)):
            raise InputError("The output_filter of [batch] leaves nothing of the answers: there is nothing to compare.")
        return next(_faults(wanted, self.found(found)), None)

    @abstractmethod
    def line(self, record: Record) -> str:
        """A line of which the input filter leaves the record. Raises InputError when there is none."""

    @abstractmethod
    def bad(self, records: Sequence[Record]) -> str | None:
        """A line that passes the filter and is no record; None when whatever passes it is one."""

    @abstractmethod
    def wanted(self, line: str, one: Golden, version: int, refused: bool) -> Any:
        """What is left of the line and its answer: plain values of the input, and Expected ones."""

    @abstractmethod
    def found(self, text: str) -> Any:
        """A line of the results without stamps."""


class Csv(Lines):
    def line(self, record: Record) -> str:
        return bodies.csv_line(filters.row(self.input_filter, bodies.cells(record), FILLER))

    def bad(self, records: Sequence[Record]) -> str | None:
        """A row with a cell too many, or with text in place of numbers where the filter takes that cell away."""
        row = [*_cells(self.line(records[0])), "broken"]
        if len(filters.columns(self.input_filter, len(row))) > len(records[0]):
            return bodies.csv_line(row)
        return self.line(bodies.without_numbers(records)) if bodies.numbers(records) else None

    def wanted(self, line: str, one: Golden, version: int, refused: bool) -> list[Any]:
        scores = one.score if isinstance(one.score, list) else [one.score] if isinstance(one.decision, str) else []
        answer = [
            Reason("error", ERROR) if refused else Expected("decision", one.decision),
            *(Expected("score", "" if refused else score) for score in scores),
            Expected("model_version", version),
        ]
        whole = [*(_cells(line) if self.settings.join else []), *answer]
        return [whole[place] for place in filters.columns(self.output_filter, len(whole))]

    def found(self, text: str) -> list[str]:
        cells = _cells(text)
        return cells[: -len(STAMPS)] if self.settings.capture else cells


class JsonLines(Lines):
    def line(self, record: Record) -> str:
        return bodies.json_line(filters.document(self.input_filter, record))

    def bad(self, records: Sequence[Record]) -> str | None:
        """JSON in any case: for a filter or a join SageMaker reads the lines itself, and fails at one that is none."""
        try:
            return bodies.json_line(filters.document(self.input_filter, bodies.without_first(records[0])))
        except InputError:  # the filter names the fields
            return self.line(bodies.without_numbers(records)) if bodies.numbers(records) else None

    def wanted(self, line: str, one: Golden, version: int, refused: bool) -> Any:
        values = {"decision": None, "score": None} if refused else {"decision": one.decision, "score": one.score}
        answer: Any = {name: Expected(name, value) for name, value in {**values, "model_version": version}.items()}
        if refused:
            answer["error"] = Reason("error", "")
        if self.settings.join:
            given = json.loads(line)
            answer = {**given, OUTPUT: answer} if isinstance(given, dict) else {INPUT: given, OUTPUT: answer}
        left = filters.select(self.output_filter, answer)
        return {OUTPUT: left} if self.settings.capture and not isinstance(left, dict) else left

    def found(self, text: str) -> Any:
        document = json.loads(text)
        return {key: document[key] for key in document if key not in STAMPS} if self.settings.capture else document


#: Content type of [batch] → its lines.
KINDS: Mapping[str, type[Lines]] = {bodies.CSV: Csv, bodies.JSON_LINES: JsonLines}


def _cells(line: str) -> list[str]:
    return next(csv.reader([line]), [])


def _same(wanted: Any, found: Any) -> bool:
    """Numbers within the tolerance of golden records; CSV gives them as text."""
    if isinstance(wanted, bool) or not isinstance(wanted, int | float):
        return bool(wanted == found)
    try:
        return golden.close(wanted, float(found) if isinstance(found, str) else found)
    except ValueError:
        return False


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _leaves(inner)
    else:
        yield value


def _faults(wanted: Any, found: Any) -> Iterator[str]:
    if isinstance(wanted, Expected):
        yield from filter(None, [wanted.fault(found)])
    elif isinstance(wanted, dict) and isinstance(found, dict):
        if "error" in found and "error" not in wanted:
            yield f"it was refused: {found['error']}"
        if wanted.keys() != found.keys():
            yield f"the result has {', '.join(found)}, it must have {', '.join(wanted)}"
        for key in wanted.keys() & found.keys():
            yield from _faults(wanted[key], found[key])
    elif isinstance(wanted, list) and isinstance(found, list):
        if len(wanted) != len(found):
            yield f"the result has {len(found)} values, it must have {len(wanted)}: {found!r:.200}"
        for one, other in zip(wanted, found, strict=False):
            yield from _faults(one, other)
    elif not _same(wanted, found):
        yield f"the result holds {found!r:.100} where the input has {wanted!r:.100}"
