"""What is a number, alone and in a file."""

import math
import re
from pathlib import Path

import pytest

from contract.errors import InputError
from preprocessing.fit import fit
from preprocessing.values import as_number, parse_number
from tests.preprocessing.tables import sample, settings

NUMBERS = {"1": 1.0, "-2.5": -2.5, "+.5": 0.5, "1e3": 1000.0, "5.": 5.0, "1E-2": 0.01}
NO_NUMBERS = ["1_000", "1e1_0", "inf", "-Infinity", "nan", "1e999", "\u0661", "1,5", "0x1f"]


@pytest.mark.parametrize("text", NUMBERS)
def test_numbers(text: str) -> None:
    assert parse_number(text) == NUMBERS[text]
    assert as_number(f"\t{text} ", frozenset()) == NUMBERS[text]


@pytest.mark.parametrize("text", NO_NUMBERS)
def test_what_is_no_number(text: str) -> None:
    with pytest.raises(ValueError, match=re.escape(text)):
        parse_number(text)
    assert math.isnan(as_number(f" {text} ", frozenset([text]))), "but a missing marker may spell it"


@pytest.mark.parametrize("text", ["1_000", "1e999", "\u0661"])
def test_what_is_no_number_in_a_file(tmp_path: Path, text: str) -> None:
    frame = sample(100).astype({"n": object})
    frame.loc[6, "n"] = text
    frame.to_csv(tmp_path / "data.csv", index=False)
    with pytest.raises(InputError, match=f"line 8: the column 'n' holds '{text}', which is not a finite number"):
        fit(tmp_path / "data.csv", settings())
