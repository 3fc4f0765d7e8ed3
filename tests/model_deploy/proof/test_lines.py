"""Batches of golden records through filters, joins and captures, as the local server's transform jobs apply them."""

import csv
import json
from collections.abc import Sequence
from typing import Any

import pytest

from contract.errors import InputError
from contract.package import Golden
from local_aws.jobs.transform import paths
from local_aws.jobs.transform.records import FORMATS, Processing
from model_deploy.config import Batch, Capture
from model_deploy.proof import bodies
from model_deploy.proof.lines import KINDS, Lines

VERSION = 3
NAMES = ("age", "city")
RECORDS = [Golden({"age": float(age), "city": "Bern, BE"}, age / 100, "yes" if age > 50 else "no") for age in range(30)]
ODD = [Golden({"city": f"a{mark}b"}, 0.25, "no") for mark in ("\u2028", "\u2029", "\u0085", '"', ",")]
CLASSES = [Golden({"age": 1.0, "city": "x"}, [0.2, 0.8], "high"), Golden({"age": None, "city": "y"}, [0.9, 0.1], "low")]
VALUES = [Golden({"age": 1.0, "city": "x"}, 12.5, 12.5)]

Model = dict[tuple[Any, ...], Golden]


def job(settings: Batch, lines: Sequence[str], golden: Sequence[Golden]) -> list[str]:
    """The result of a transform job whose model knows the golden records alone."""
    names = list(golden[0].record)
    known = {tuple(bodies.cells(one.record)): one for one in golden}
    stamps = (lambda count: [("id", "now")] * count) if settings.capture else None
    processing = Processing(
        paths.parse(settings.input_filter), paths.parse(settings.output_filter), settings.join, stamps
    )
    body, kind = "".join(f"{line}\n" for line in lines).encode(), FORMATS[settings.content_type]
    asked = kind.select(body, processing) if processing.input_filter else body
    answers = []
    for line in asked.decode().rstrip("\n").split("\n"):
        cells = read(line, names, settings.content_type)
        answers.append(ANSWERS[settings.content_type](known.get(tuple(cells)), golden[0]))
    answer = "".join(f"{one}\n" for one in answers).encode()
    changed = kind.results(body, answer, processing) if processing.changes_output else answer
    return bodies.lines(changed.decode())


def read(line: str, names: list[str], content_type: str) -> list[str]:
    if content_type == bodies.CSV:
        return next(csv.reader([line], strict=True))
    record = json.loads(line)
    if isinstance(record, list):
        record = dict(zip(names, record, strict=False))
    return bodies.cells({name: record[name] for name in names}) if set(names) <= set(record) else []


def csv_answer(one: Golden | None, like: Golden) -> str:
    scores = like.score if isinstance(like.score, list) else [like.score] if isinstance(like.decision, str) else []
    if one is None:
        return bodies.csv_line(["ERROR: bad", *[""] * len(scores), "3"])
    found = one.score if isinstance(one.score, list) else [one.score] if isinstance(one.decision, str) else []
    return bodies.csv_line([str(one.decision), *map(str, found), "3"])


def json_answer(one: Golden | None, _: Golden) -> str:
    if one is None:
        return json.dumps({"decision": None, "score": None, "model_version": 3, "error": "bad"})
    return json.dumps({"decision": one.decision, "score": one.score, "model_version": 3})


ANSWERS = {bodies.CSV: csv_answer, bodies.JSON_LINES: json_answer}


def differences(kind: Lines, golden: Sequence[Golden], model: Sequence[Golden]) -> list[str | None]:
    lines = [kind.line(one.record) for one in golden]
    found = job(kind.settings, lines, model)
    return [kind.difference(*each, VERSION) for each in zip(lines, golden, found, strict=True)]


FILTERS = {
    bodies.CSV: ["$", "$[1:]", "$[0,1]", "$[3,1]", "$[-2:]"],
    bodies.JSON_LINES: ["$", "$.features", "$['city','age']", "$[1].x", "$.*"],
}
OUTPUTS = {
    bodies.CSV: {False: ["$", "$[0]", "$[1]", "$[0,-1]"], True: ["$", "$[-3]", "$[0,-2:]", "$[-2]"]},
    bodies.JSON_LINES: {False: ["$", "$.score", "$['decision','score']"], True: ["$", "$.SageMakerOutput"]},
}
CASES = [
    (content_type, given, left, join, captured)
    for content_type in FILTERS
    for join in (False, True)
    for given in FILTERS[content_type]
    for left in OUTPUTS[content_type][join]
    for captured in (False, True)
]


def case_id(case: tuple[object, ...]) -> str:
    return "-".join(map(str, case))


@pytest.mark.parametrize("case", CASES, ids=case_id)
def test_a_good_model_is_proved_and_a_wrong_one_is_not(case: tuple[Any, str, str, bool, bool]) -> None:
    content_type, given, left, join, captured = case
    settings = Batch(
        content_type=content_type,
        input_filter=given,
        output_filter=left,
        join=join,
        capture=Capture() if captured else None,
    )
    kind = KINDS[content_type](settings)
    golden = [*RECORDS[:3]]
    assert differences(kind, golden, RECORDS) == [None] * 3
    other = [Golden(one.record, 0.77, "yes") for one in RECORDS]
    assert all(differences(kind, golden, other))
    bad = kind.bad([one.record for one in RECORDS])
    assert bad is not None
    (found,) = job(settings, [bad], RECORDS)
    assert kind.difference(bad, RECORDS[0], found, VERSION, refused=True) is None
    good = kind.line(RECORDS[0].record)
    (answered,) = job(settings, [good], RECORDS)
    assert kind.difference(good, RECORDS[0], answered, VERSION, refused=True)
    assert kind.difference(bad, RECORDS[0], found, VERSION)


@pytest.mark.parametrize("content_type", FILTERS)
@pytest.mark.parametrize("join", [False, True])
@pytest.mark.parametrize("golden", [ODD, CLASSES, VALUES], ids=["odd", "classes", "values"])
def test_any_kind_of_record_and_of_answer(content_type: Any, join: bool, golden: list[Golden]) -> None:
    kind = KINDS[content_type](Batch(content_type=content_type, join=join))
    assert differences(kind, golden, golden) == [None] * len(golden)
    bad = kind.bad([one.record for one in golden])
    assert bad is not None
    (found,) = job(kind.settings, [bad], golden)
    assert kind.difference(bad, golden[0], found, VERSION, refused=True) is None


def test_another_version_is_told() -> None:
    kind = KINDS[bodies.CSV](Batch())
    (one,) = RECORDS[:1]
    said = kind.difference(kind.line(one.record), one, "no,0.0,2", VERSION)
    assert said == "version 2 answered, version 3 is meant to be there"


def test_a_filter_that_leaves_nothing_of_the_answer_proves_nothing() -> None:
    kind = KINDS[bodies.CSV](Batch(join=True, output_filter="$[0]"))
    with pytest.raises(InputError, match="nothing to compare"):
        kind.difference(kind.line(RECORDS[0].record), RECORDS[0], "0.0", VERSION)


def test_where_no_line_can_be_malformed() -> None:
    """One text by position: whatever stands there is a category."""
    kind = KINDS[bodies.CSV](Batch(input_filter="$[0]"))
    assert kind.bad([one.record for one in ODD]) is None
