"""`preprocess.json`: what is refused, and by which sentence."""

from typing import Any

import pytest

from contract.errors import InputError
from preprocessing.settings import Settings
from tests.preprocessing.tables import COLUMNS


@pytest.mark.parametrize(
    ("choice", "said"),
    [
        ({"impute": "mode"}, "impute is 'mode'; it must be one of median, mean, none"),
        ({"split": {"by": "chance"}}, "split.by is 'chance'"),
        ({"split": {"colour": 1}}, "The settings of the split have unknown keys: colour"),
        ({"split": {"train": 0.9}}, "they must sum to 1"),
        ({"split": {"train": 0.0, "validation": 0.5, "test": 0.5}}, "training needs one above 0"),
        ({"split": {"train": "most"}}, "value of the wrong type"),
        ({"min_count": 0}, "at least 1"),
        ({"min_count": "many"}, "value of the wrong type"),
        ({"columns": {**COLUMNS, "task": "ranking"}}, "columns.task is 'ranking'"),
        ({"columns": {**COLUMNS, "drop": ["n"]}}, "'n' has two roles, numeric and drop"),
        ({"columns": {**COLUMNS, "numeric": ["n", "n"]}}, "'n' has two roles, numeric and numeric"),
        ({"columns": {**COLUMNS, "facets": ["sex"]}}, "facet 'sex' is no described column"),
        ({"columns": {**COLUMNS, "derived_numeric": ["n"]}}, "'n' is described twice"),
        ({"columns": {**COLUMNS, "names": ["n", "n"]}}, "names of the columns hold 'n' twice"),
        ({"columns": {**COLUMNS, "numeric": ["label"]}}, "may not be called 'label'"),
        ({"columns": {**COLUMNS, "numeric": [], "categorical": []}}, "nothing to learn from"),
        ({"columns": {**COLUMNS, "event_time": None}, "split": {"by": "time"}}, "needs event_time"),
        ({"split": {"key": ["sex"]}}, "key of the split 'sex' is no described column"),
    ],
)
def test_what_is_refused(choice: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        Settings.from_document({"columns": COLUMNS, **choice})
