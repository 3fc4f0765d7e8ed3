"""What people wrote, and what programs printed, as SageMaker takes it."""

import re

from hypothesis import given
from hypothesis import strategies as st

from contract.shapes import _compiled
from contract.words import listed, plain, within

ALLOWED = _compiled(r"[\p{L}\p{M}\p{Z}\p{S}\p{N}\p{P}]*")


def test_control_characters_and_lines_become_spaces() -> None:
    assert (
        plain("Its code fails:\nStack trace:\n\t\x1b[31mboom\x00 5 € ") == "Its code fails: Stack trace: [31mboom 5 €"
    )


@given(st.text(st.characters()))
def test_any_text_can_be_a_description(text: str) -> None:
    found = plain(text)
    assert ALLOWED.fullmatch(found)
    assert not re.search(r"\s\s", found)
    assert plain(found) == found


@given(st.text(), st.integers(1, 30))
def test_a_text_is_cut_where_it_must_be(text: str, most: int) -> None:
    found = within(text, most)
    assert len(found) <= most
    assert (found == text) is (len(text) <= most) or found.endswith("…")


def test_a_long_list_says_how_many_it_leaves_out() -> None:
    assert listed(["a", "b"], 2) == "'a', 'b'"
    assert listed({"a": 1, "b": 2, "c": 3}, 1) == "'a' and 2 more"
    assert listed(["x is far", "y is far"], 1, str) == "x is far and 1 more"
    assert listed([]) == ""
