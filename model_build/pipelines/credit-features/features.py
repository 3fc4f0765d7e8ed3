"""Feature code of the pipeline: from raw columns to derived ones.

It runs in PreprocessFit and PreprocessEncode and, out of the artefact, in the endpoint: standard library and numpy
only. A value must depend on its own row alone, since the endpoint sees one row at a time.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

YEARLY_INTEREST = 0.08
STAGES = np.array(["student", "early", "middle", "late"], dtype=object)
AGES = (25, 40, 60)


def features(raw: Mapping[str, Any]) -> Mapping[str, Any]:
    """`burden`, the yearly payment as a share of the income, and `stage_of_life`.

    raw  raw columns by name: numeric ones float64 with NaN where missing, the others texts or None
    """
    years = raw["term_months"] / 12
    payment = raw["loan_amount"] * (1 + YEARLY_INTEREST * years) / years
    with np.errstate(divide="ignore", invalid="ignore"):
        burden = payment / raw["income"]
    return {
        "burden": np.where(np.isfinite(burden), burden, np.nan),
        "stage_of_life": STAGES[np.digitize(raw["age"], AGES)],
    }
