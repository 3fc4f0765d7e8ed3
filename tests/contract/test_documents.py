"""Documents that are none are named for what they are."""

from dataclasses import dataclass
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


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"{", "not a JSON document"),
        (b'{"a": "\xff"}', "not a JSON document"),
        (b'{"a": ' + b"9" * 5000 + b"}", "not a JSON document"),
        (b'{"a":' * 100_000, "nested too deep"),
    ],
    ids=["cut", "no UTF-8", "5,000 digits", "deep"],
)
def test_a_file_that_cannot_be_read(tmp_path: Path, content: bytes, reason: str) -> None:
    (tmp_path / "file.json").write_bytes(content)
    with pytest.raises(InputError, match=f"file.json is ({reason})"):
        documents.read(tmp_path / "file.json")


def test_what_cannot_be_written_leaves_what_was_there(tmp_path: Path) -> None:
    documents.write(tmp_path / "file.json", {"a": 1})
    with pytest.raises(ValueError, match="not JSON compliant"):
        documents.write(tmp_path / "file.json", {"a": float("nan")})
    assert documents.read(tmp_path / "file.json") == {"a": 1}


@dataclass(frozen=True)
class Rule:
    metric: str
    margin: float = 0.0


@pytest.mark.parametrize(
    ("document", "key"), [({"metric": "auc", "margn": 1}, "margn"), ({}, "metric")], ids=["unknown", "missing"]
)
def test_members_that_a_dataclass_does_not_have_or_lacks_are_named(document: documents.Document, key: str) -> None:
    assert documents.into(Rule, {"metric": "auc"}, "The rule") == Rule("auc")
    with pytest.raises(InputError, match=f"The rule cannot be read: .*'{key}'"):
        documents.into(Rule, document, "The rule")
