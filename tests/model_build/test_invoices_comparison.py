"""The published procedure beside the template's own, on all of the published number of lines."""

import pytest

from model_build import catalogue
from tests.conftest import ROOT


@pytest.mark.timeout(240)
def test_the_page_is_not_stale_and_says_what_it_should() -> None:
    comparison = catalogue.load(ROOT / "model_build/pipelines/invoices/comparison.py")
    sample = catalogue.load(ROOT / "model_build/pipelines/invoices/sample.py")
    published, *own = comparison.compare(sample.ROWS)
    assert published.recall == pytest.approx(0.5, abs=0.01), "by construction"
    by_rule = {row.rule: row for row in own}
    assert set(by_rule) == set(comparison.RULES)
    assert by_rule["known_errors_median"].precision > 2 * published.precision
    assert by_rule["known_errors_median"].recall == pytest.approx(published.recall, abs=0.05)
    assert by_rule["f1"].precision > 0.8
    text = (ROOT / "docs/invoices.md").read_text(encoding="utf-8")
    for row in (published, *own):
        assert str(row) in text, "python model_build/pipelines/invoices/comparison.py --output docs/invoices.md"
