"""Documents that are none are named for what they are."""

from pathlib import Path

import pytest

from contract import documents
from contract.errors import InputError


@pytest.mark.parametrize(
    ("text", "kind"),
    [("[]", "array"), ('"a"', "string"), ("1", "number"), ("1.5", "number"), ("true", "boolean"), ("null", "null")],
)
def test_a_file_that_holds_no_object(tmp_path: Path, text: str, kind: str) -> None:
    (tmp_path / "file.json").write_text(text)
    with pytest.raises(InputError, match=f"holds a JSON {kind}, an object is needed"):
        documents.read(tmp_path / "file.json")
