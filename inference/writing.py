"""Answers → bodies of responses: one row of a table for each content type."""

import csv
import io
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from inference.decision import Score
from inference.formats import CSV, JSON, JSON_LINES

#: What stands in place of a decision in a CSV row for a record that could not be answered.
ERROR = "ERROR: "

#: The columns that moved a score most, the strongest first, and by how much, in the units of the margin.
Reasons = list[tuple[str, float]]


@dataclass(slots=True)
class Answers:
    """What is said about the records of a request, by position; see `contract.package.Golden`.

    errors   position → why there is no answer; decision and score are None there (transform jobs alone)
    reasons  of each record, when they were asked for
    width    columns of a score beside the decision; 0 for a regression, whose decision is its score
    told     reasons a record
    """

    decisions: Sequence[str | float | None]
    scores: Sequence[Score | None]
    version: int | str | None = None
    errors: dict[int, str] = field(default_factory=dict)
    reasons: Sequence[Reasons | None] | None = None
    width: int = 1
    told: int = 0


def write(answers: Answers, content_type: str) -> bytes:
    """The body of a response; `content_type` is a key of `WRITERS`."""
    return WRITERS[content_type](answers).encode()


def _csv(answers: Answers) -> str:
    """Decision, the score or the scores by class, version, reasons: a column and its contribution each.

    A regression has its value in place of decision and score. An error row is as wide: the first column says
    `ERROR: ` and why, the others are empty but for the version. No header.
    """
    version = "" if answers.version is None else "," + _quoted(str(answers.version))
    if len(answers.decisions) == 1 and answers.reasons is None and not answers.errors:
        return next(_plain_lines(answers, version + "\n"))
    if not answers.errors and answers.reasons is None:
        return "".join(_plain_lines(answers, version + "\n"))
    return "".join(_lines(answers, version))


def _plain_lines(answers: Answers, end: str) -> Iterator[str]:
    texts: dict[object, str] = {}
    for decision, score in zip(answers.decisions, answers.scores, strict=True):
        if not isinstance(decision, str):
            yield f"{score!r}{end}"
            continue
        if (text := texts.get(decision)) is None:
            text = texts[decision] = _quoted(decision)
        if isinstance(score, list):
            yield f"{text},{','.join(map(repr, score))}{end}"
        else:
            yield f"{text},{score!r}{end}"


def _lines(answers: Answers, version: str) -> Iterator[str]:
    blank = "," * answers.width
    plain = iter(_plain_lines(_answered(answers), ""))
    for position in range(len(answers.decisions)):
        reasons = answers.reasons[position] if answers.reasons is not None else None
        tail = "," * (2 * answers.told)
        if reasons is not None:
            tail = "".join(f",{_quoted(column)},{contribution!r}" for column, contribution in reasons)
        if (error := answers.errors.get(position)) is not None:
            line = " ".join(f"{ERROR}{error}".split())  # what splits lines does not look at quotation marks
            yield f"{_quoted(line)}{blank}{version}{tail}\n"
        else:
            yield f"{next(plain)}{version}{tail}\n"


def _answered(answers: Answers) -> Answers:
    kept = [at for at in range(len(answers.decisions)) if at not in answers.errors]
    return Answers([answers.decisions[at] for at in kept], [answers.scores[at] for at in kept])


def _quoted(cell: str) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerow([cell])  # line breaks are quoted where the writer ends with them
    return text.getvalue().removesuffix("\r\n")


def _json(answers: Answers) -> str:
    return json.dumps({"predictions": list(_documents(answers))}, ensure_ascii=False, allow_nan=False)


def _json_lines(answers: Answers) -> str:
    encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode
    return "".join(f"{encode(document)}\n" for document in _documents(answers))


def _documents(answers: Answers) -> Iterator[dict[str, Any]]:
    """`model_version` and `reasons` where there are any; an error stands beside the empty decision and score."""
    version = {} if answers.version is None else {"model_version": answers.version}
    for position, (decision, score) in enumerate(zip(answers.decisions, answers.scores, strict=True)):
        document: dict[str, Any] = {"decision": decision, "score": score, **version}
        if answers.reasons is not None and (reasons := answers.reasons[position]) is not None:
            document["reasons"] = [{"column": column, "contribution": value} for column, value in reasons]
        if position in answers.errors:
            document["error"] = answers.errors[position]
        yield document


WRITERS: dict[str, Callable[[Answers], str]] = {CSV: _csv, JSON: _json, JSON_LINES: _json_lines}
