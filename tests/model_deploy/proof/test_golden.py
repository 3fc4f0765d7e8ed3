"""Answers held against those of training time."""

import csv
import io
import json

import pytest

from contract.errors import InputError
from contract.package import Golden
from model_deploy.proof import bodies, golden

ONE = Golden({"age": 1}, 0.25, "no")
SAME = {"decision": "no", "score": 0.25, "model_version": 3}


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (SAME, None),
        (SAME | {"score": 0.25 + 5e-7}, None),
        (SAME | {"score": 0.25 + 5e-6}, "the score was 0.25"),
        (SAME | {"score": float("nan")}, "the score was 0.25"),
        (SAME | {"score": "0.25"}, "the score was 0.25"),
        (SAME | {"score": [0.25]}, "the score was 0.25"),
        (SAME | {"decision": "yes"}, "the decision was 'no'"),
        (SAME | {"model_version": 2}, "version 2 answered"),
        ({"decision": "no", "score": 0.25}, "version None answered"),
        ({"error": "age is missing"}, "it was refused: age is missing"),
        ({}, "the score was 0.25"),
    ],
)
def test_what_differs_is_said(answer: dict[str, object], said: str | None) -> None:
    found = golden.difference(ONE, answer, 3)
    assert (found is None) if said is None else (found is not None and found.startswith(said))


def test_scores_by_class_and_values_of_a_regression() -> None:
    by_class = Golden({}, [0.2, 0.8], "high")
    assert golden.difference(by_class, {"decision": "high", "score": [0.2, 0.8], "model_version": 1}, 1) is None
    assert golden.difference(by_class, {"decision": "high", "score": [0.2, 0.7], "model_version": 1}, 1)
    assert golden.difference(by_class, {"decision": "high", "score": [0.2], "model_version": 1}, 1)
    value = Golden({}, 1234.5, 1234.5)
    assert golden.difference(value, {"decision": 1234.5001, "score": 1234.5001, "model_version": 1}, 1) is None
    assert golden.difference(value, {"decision": 1235.5, "score": 1234.5, "model_version": 1}, 1)


def test_a_missing_answer_is_a_difference() -> None:
    assert golden.differences([ONE, ONE], [SAME], 3) == ["2 records were sent and 1 answers came back"]
    assert golden.differences([ONE, ONE], [SAME, SAME | {"score": 1}], 3)[0].startswith("golden record 1: ")


def test_a_version_without_golden_records_cannot_be_proved() -> None:
    with pytest.raises(InputError, match="names no golden records"):
        golden.read(None, {"ModelPackageArn": "arn", "CustomerMetadataProperties": {}})
    with pytest.raises(InputError, match="Line 2 of the golden records"):
        golden.parse('{"record": {}, "score": 1, "decision": "a"}\n{"record": {}}\n')


@pytest.mark.parametrize("mark", ["\u2028", "\u2029", "\u0085", "\x0b", "\x1c"], ids=ascii)
def test_a_category_may_hold_unicodes_other_line_ends(mark: str) -> None:
    line = json.dumps({"record": {"city": f"a{mark}b"}, "score": 0.2, "decision": f"n{mark}o"}, ensure_ascii=False)
    assert [one.record for one in golden.parse(f"{line}\n{line}\n")] == [{"city": f"a{mark}b"}] * 2
    assert bodies.answers(f"{line}\n{line}\n".encode())[1]["decision"] == f"n{mark}o"


@pytest.mark.parametrize("value", ["a\rb", "a\nb", "a\r\nb", 'a"b', "", ",", " a "], ids=ascii)
def test_a_record_reads_back_from_csv_as_it_was(value: str) -> None:
    body = bodies.csv_lines([{"city": value}, {"city": value}]).decode()
    assert list(csv.reader(io.StringIO(body, newline=""), strict=True)) == [[value]] * 2
