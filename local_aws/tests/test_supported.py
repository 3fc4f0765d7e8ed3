"""The README promises what the handlers do."""

from pathlib import Path

import pytest

from local_aws import supported
from local_aws.errors import StartError

README = Path(__file__).parents[1] / "README.md"


def test_the_readme_lists_the_operations_that_are_here() -> None:
    shown = README.read_text(encoding="utf-8").partition(supported.BEGIN)[2].partition(supported.END)[0].strip()
    assert shown == supported.table(), "local-aws operations --into local_aws/README.md writes the table anew"


def test_the_table_goes_between_its_marks(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"before\n{supported.BEGIN}\nold\n{supported.END}\nafter\n")
    supported.write(page)
    assert page.read_text() == f"before\n{supported.BEGIN}\n{supported.table()}\n{supported.END}\nafter\n"
    page.write_text("nothing")
    with pytest.raises(StartError, match="has no place for the table"):
        supported.write(page)
