"""What cannot be compared is said by Fit, with the configuration's key and what would mend it."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from contract.columns import Columns
from contract.errors import InputError
from contract.preprocessor import Preprocessor, Split
from model_build.jobs.compared import Compared, check

ROWS = 60
FRAME = pd.DataFrame(
    {
        "label": ["yes", "no", "no"] * (ROWS // 3),
        "sex": ["f", "m", "f", "m", None, "f"] * (ROWS // 6),
        "tenure": [str(number) for number in range(ROWS)],
        "town": [f"t{number}" for number in range(ROWS)],
        "one": "a",
        "few": [0.0, 1.0] * (ROWS // 2),
    }
)


def checked(folder: Path, task: str = "binary", label: str = "label", **settings: Any) -> None:
    facets = tuple(settings.pop("facets", ("sex",)))
    FRAME.drop(columns=[] if label == "label" else ["label"]).to_parquet(folder / "groups.parquet")
    drop = tuple(name for name in FRAME if name not in (label, "label", "few", "sex"))
    columns = Columns(
        label,
        task,
        numeric=() if label == "few" else ("few",),
        categorical=("sex",),
        drop=drop,
        facets=facets,  # type: ignore[arg-type]
    )
    preprocessor = Preprocessor(columns, (), ("no", "yes"), Split("random", (), 0, {}))
    check(
        folder, preprocessor, [label, *columns.numeric, *columns.categorical, *drop], Compared.from_document(settings)
    )


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (
            {"facet_values": {"sex": ["Divers"]}},
            r"^analysis.facet_values: no training row has 'Divers' in 'sex', which",
        ),
        ({"facets": ["few"], "facet_values": {"few": ["2"]}}, "no training row has '2' in 'few', which has '0', '1'"),
        (
            {"facets": ["tenure"], "facet_thresholds": {"tenure": 500}},
            "^analysis.facet_thresholds: tenure = 500 parts no rows, .* from 0 to 59; choose a value",
        ),
        ({"facets": ["tenure"], "facet_thresholds": {"tenure": -1}}, "tenure = -1 parts no rows"),
        ({"facets": ["one"]}, "^columns.facets: 'one' has one group only among the training rows, 'a'"),
        ({"facets": ["town"]}, "^columns.facets: 'town' has 60 groups .* analysis.facet_values, or, of numbers, a thr"),
        (
            {"favourable": ["Maybe"]},
            "^analysis.favourable: 'Maybe' is no value of the label 'label', which has 'no', 'yes'",
        ),
        ({"favourable": ["yes", "no"]}, "^analysis.favourable names all values of the label 'label'"),
        (
            {"task": "regression", "label": "few", "favourable_above": 3.0},
            "^analysis.favourable_above = 3: the label 'few' of the training rows reaches from 0 to 1",
        ),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else "",
)
def test_what_cannot_be_compared(tmp_path: Path, settings: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        checked(tmp_path, **settings)


@pytest.mark.parametrize(
    "settings",
    [
        {"facet_values": {"sex": ["f", "(missing)"]}, "favourable": ["no"]},
        {"facets": ["tenure"], "facet_thresholds": {"tenure": 30}},
        {"facets": ["few"], "facet_values": {"few": ["1.0"]}},
        {"facets": ["town"], "facet_values": {"town": ["t1"]}},
        {"task": "regression", "label": "few", "favourable_above": 0.5},
    ],
    ids=lambda value: "-".join(value),
)
def test_what_can_be_compared(tmp_path: Path, settings: dict[str, Any]) -> None:
    checked(tmp_path, **settings)
