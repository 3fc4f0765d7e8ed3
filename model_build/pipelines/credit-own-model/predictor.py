"""How the artefact of train.py answers: `load(model_dir)` gives a function from features to scores."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

FILE = "coefficients.json"


def load(model_dir: Path) -> Callable[[Any], Any]:
    """From features (rows, features) float32 to the probability of class 1, (rows,) float64."""
    document = json.loads((model_dir / "code" / FILE).read_text(encoding="utf-8"))
    weights, intercept = np.array(document["weights"]), document["intercept"]

    def predict(features: Any) -> Any:
        # A sum over each row, not a matrix product, whose last bits may depend on the number of rows.
        return 1 / (1 + np.exp(-((features * weights).sum(axis=1) + intercept)))

    return predict
