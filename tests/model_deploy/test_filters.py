"""Filters of transform jobs, forwards and backwards."""

import pytest

from contract.errors import InputError
from model_deploy import filters

RECORD = {"age": 41.0, "city": "Bern"}


@pytest.mark.parametrize(
    ("text", "width", "left"),
    [
        ("$", 3, [0, 1, 2]),
        ("$[1:]", 3, [1, 2]),
        ("$[0,-1]", 4, [0, 3]),
        ("$[1:2]", 4, [1, 2]),
        ("$[*]", 2, [0, 1]),
        ("$[-2:]", 5, [3, 4]),
        ("$[0,2:]", 4, [0, 2, 3]),
    ],
)
def test_columns_of_a_row(text: str, width: int, left: list[int]) -> None:
    assert filters.columns(filters.parse(text), width) == left


@pytest.mark.parametrize(
    ("text", "row"),
    [
        ("$", ["a", "b"]),
        ("$[1:]", ["-", "a", "b"]),
        ("$[0,-1]", ["a", "b"]),
        ("$[2,1]", ["-", "b", "a"]),
        ("$[0,3]", ["a", "-", "-", "b"]),
        ("$[-2:]", ["a", "b"]),
        ("$[0,2:]", ["a", "-", "b"]),
    ],
)
def test_a_row_is_found_that_the_filter_leaves_as_it_is_wanted(text: str, row: list[str]) -> None:
    path = filters.parse(text)
    assert filters.row(path, ["a", "b"], "-") == row
    assert [row[place] for place in filters.columns(path, len(row))] == ["a", "b"]


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("$", RECORD),
        ("$.features", RECORD),
        ("$.a['b'][2]", RECORD),
        ("$['city','age']", RECORD),
        ("$.*", [41.0, "Bern"]),
        ("$[1:]", [41.0, "Bern"]),
        ("$.a[-1]", RECORD),
    ],
)
def test_a_document_is_found_that_the_filter_leaves_as_it_is_wanted(text: str, left: object) -> None:
    path = filters.parse(text)
    assert filters.select(path, filters.document(path, RECORD)) == left


@pytest.mark.parametrize("text", ["", "x", "$[[", "$[", "$[]", "$..a", "$[?(@.a)]", "$[a]", "$.a.", "$ [0]", "$[1:].a"])
def test_what_sagemaker_does_not_know_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        filters.parse(text)


@pytest.mark.parametrize("text", ["$[0]", "$[0,0]", "$.a"])
def test_a_filter_that_never_leaves_what_the_model_takes(text: str) -> None:
    with pytest.raises(InputError):
        filters.row(filters.parse(text), ["a", "b"], "-")
