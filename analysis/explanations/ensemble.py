"""An XGBoost model as plain arrays, out of its own JSON (`Booster.save_raw("json")`): this room needs no XGBoost.

The format is XGBoost's documented model schema, https://xgboost.readthedocs.io/en/stable/tutorials/saving_model.html.
"""

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contract.errors import InputError

Floats = NDArray[np.float64]
Matrix = NDArray[np.float32]

#: Objective → what turns its margin into the prediction; XGBoost's objectives that are not here have no known one.
LINKS: dict[str, str] = {
    "binary:logistic": "logit",
    "reg:logistic": "logit",
    "multi:softprob": "margin",
    "reg:squarederror": "identity",
    "reg:absoluteerror": "identity",
    "reg:pseudohubererror": "identity",
    "reg:quantileerror": "identity",
    "binary:logitraw": "identity",
    "count:poisson": "log",
    "reg:gamma": "log",
    "reg:tweedie": "log",
}


@dataclass(frozen=True)
class Tree:
    """One tree, by node; node 0 is the root and `left` is -1 at a leaf.

    A row goes left at a node when its `feature` is below `threshold` (float32), or missing and `default_left`.
    `value` counts at leaves alone; `output` is the class that the tree adds to.
    """

    left: NDArray[np.int64]
    right: NDArray[np.int64]
    feature: NDArray[np.int64]
    threshold: NDArray[np.float32]
    default_left: NDArray[np.bool_]
    value: Floats
    output: int


@dataclass(frozen=True)
class Ensemble:
    """Trees whose values add up to the margin, less a constant. `link` is one of the values of LINKS.

    `base` (outputs,) is XGBoost's base_score, of which the constant is made: on the scale of the prediction, and of
    multi:softprob the margin itself.
    """

    trees: tuple[Tree, ...]
    outputs: int
    link: str
    base: tuple[float, ...]


def parse(raw: bytes) -> Ensemble:
    """The trees of a model. Raises InputError for what is not a sum of trees with one number at each leaf."""
    learner = json.loads(raw)["learner"]
    objective = learner["objective"]["name"]
    if objective not in LINKS:
        raise InputError(f"The margin of the objective {objective} has no known link.")
    booster = learner["gradient_booster"]
    if booster["name"] == "gblinear":
        raise InputError("The booster gblinear has no trees.")
    weights = booster.get("weight_drop")
    model = booster["gbtree"]["model"] if booster["name"] == "dart" else booster["model"]
    parameters = learner["learner_model_param"]
    classes = max(int(parameters["num_class"]), 1)
    # One number for each class since XGBoost 3.1, one for all of them before.
    base = np.broadcast_to(np.atleast_1d(json.loads(parameters["base_score"])), classes)
    return Ensemble(
        trees=tuple(
            _tree(tree, int(output), float(weights[index]) if weights else 1.0)
            for index, (tree, output) in enumerate(zip(model["trees"], model["tree_info"], strict=True))
        ),
        outputs=classes,
        link=LINKS[objective],
        base=tuple(map(float, base)),
    )


def _tree(tree: dict[str, Any], output: int, weight: float) -> Tree:
    if int(tree["tree_param"]["size_leaf_vector"]) > 1:
        raise InputError("The trees have several numbers at each leaf (multi_strategy=multi_output_tree).")
    if any(tree["split_type"]):
        raise InputError("The trees split on sets of categories (enable_categorical).")
    conditions = np.array(tree["split_conditions"], dtype=np.float32)
    return Tree(
        left=np.array(tree["left_children"], dtype=np.int64),
        right=np.array(tree["right_children"], dtype=np.int64),
        feature=np.array(tree["split_indices"], dtype=np.int64),
        threshold=conditions,
        default_left=np.array(tree["default_left"], dtype=bool),
        value=conditions.astype(np.float64) * weight,  # XGBoost keeps a leaf's value where a split's threshold is
        output=output,
    )
