"""The sample of `invoices` has the published counts, and errors of the kinds that it says."""

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from model_build import catalogue
from tests.conftest import ROOT

sample = catalogue.load(ROOT / "model_build/pipelines/invoices/sample.py")


def test_the_published_counts(data: Path) -> None:
    published = json.loads((data / "invoices_published/expected.json").read_text())
    table = sample.table()
    assert table.column_names == published["columns"]
    assert table.num_rows == published["rows"]
    assert Counter(table["Error"].to_pylist())["True"] == published["errors"]
    for column, key in (("Matter Type", "matter_type"), ("Resource", "resource"), ("Activity", "activity")):
        assert dict(Counter(table[column].to_pylist())) == published[key]


def test_equal_seeds_give_equal_bytes(tmp_path: Path) -> None:
    for name, seed in (("a.csv", 1), ("b.csv", 1), ("c.csv", 2)):
        sample.write(tmp_path / name, rows=500, seed=seed)
    contents = [(tmp_path / name).read_bytes() for name in ("a.csv", "b.csv", "c.csv")]
    assert contents[0] == contents[1] != contents[2]


def test_what_each_kind_of_error_does() -> None:
    rows, kinds = sample.table(20_000).to_pandas(), sample.kinds(20_000)
    assert ((kinds != "") == (rows["Error"] == "True")).all()
    due = rows["Minutes"] / 60 * rows["Fee"]
    slipped = ~np.isclose(rows["Total"], due, atol=0.006)
    assert set(kinds[slipped]) == {"total"}
    assert set(kinds[rows["Minutes"] > 300]) == {"hours"}
    highest = rows["Resource"].map({grade: high for grade, (_, high) in sample.FEES.items()})
    assert set(kinds[rows["Fee"] > highest]) == {"grade"}
    share = {kind: float(np.mean(kinds[kinds != ""] == kind)) for kind in sample.KINDS}
    assert share == pytest.approx(sample.KINDS, abs=0.01)


def test_a_matter_has_one_type_and_one_firm() -> None:
    rows = sample.table(5000).to_pandas()
    for column in ("Matter Type", "Firm Name"):
        assert (rows.groupby("Matter Number")[column].nunique() == 1).all()
