"""The pages that are written by the code are what the code would write now."""

import importlib.util
import re
from pathlib import Path

import pytest

from tests.conftest import ROOT

spec = importlib.util.spec_from_file_location("docs_generate", ROOT / "docs/generate.py")
assert spec is not None
assert spec.loader is not None
generate = importlib.util.module_from_spec(spec)
spec.loader.exec_module(generate)


@pytest.mark.parametrize("page", generate.PAGES)
def test_is_not_stale(page: str) -> None:
    assert (ROOT / "docs" / page).read_text(encoding="utf-8") == generate.PAGES[page](), "make docs writes it anew"


def test_the_code_in_the_pages_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"^```python\n(.*?)^```", (ROOT / "docs/random_cut_forest.md").read_text(), re.DOTALL | re.M)
    assert len(blocks) == 2
    for block in blocks:
        exec(compile(block, "random_cut_forest.md", "exec"), {})
