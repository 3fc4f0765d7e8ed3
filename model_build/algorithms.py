"""The algorithms of Train: a row each."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from pydantic import BaseModel

from model_build.hyperparameters import RandomCutForest, XGBoost
from random_cut_forest.metrics import METRIC_DEFINITIONS

Name = Literal["xgboost", "random_cut_forest"]
Engine = Literal["script", "builtin"]


@dataclass(frozen=True)
class Algorithm:
    """How the script engine trains it.

    title            its name in a sentence
    program          the module that runs in Train
    image            of Train, a role of `authoring.images`
    hyperparameters  what a configuration may set
    metrics          name → the regular expression that reads it from the log; none where the image brings its own
    """

    title: str
    program: str
    image: str
    hyperparameters: type[BaseModel]
    metrics: Mapping[str, str] = field(default_factory=dict)


#: Random Cut Forest trains in the scikit-learn image, which lets a job define metrics and a tuning job name any
#: hyperparameter: the XGBoost image counts as a built-in algorithm there, also in script mode. It is evaluated and
#: served in the XGBoost image, as XGBoost is: numba, which is there alone, scores three times as fast, and the numbers
#: are the same to the last bit.
ALGORITHMS: dict[Name, Algorithm] = {
    "xgboost": Algorithm("XGBoost", "model_build.jobs.train", "xgboost", XGBoost),
    "random_cut_forest": Algorithm(
        "Random Cut Forest",
        "model_build.jobs.train_forest",
        "processing",
        RandomCutForest,
        {"validation:auc": r"validation-auc:(\S+)", **METRIC_DEFINITIONS},
    ),
}
