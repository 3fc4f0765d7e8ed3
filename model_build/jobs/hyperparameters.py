"""Hyperparameters as a training job gets them: `--name value` on the command line, all of them text."""

import json
import math
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from contract.columns import Task
from contract.errors import InputError
from model_build.jobs.arguments import pairs

#: Task → objective and metrics, unless the hyperparameters name others. The first metric decides early stopping.
OBJECTIVES: dict[Task, tuple[str, tuple[str, ...]]] = {
    "binary": ("binary:logistic", ("logloss", "auc")),
    "multiclass": ("multi:softprob", ("mlogloss", "merror")),
    "regression": ("reg:squarederror", ("rmse",)),
}
PREFIXES: dict[Task, tuple[str, ...]] = {
    "binary": ("binary:logistic",),
    "multiclass": ("multi:softprob",),
    "regression": ("reg:", "count:poisson"),
}

#: A metric's name, perhaps with its number: `error@0.7`, `ndcg@5-`.
METRIC = re.compile(r"[a-z][a-z-]*(@[0-9]*\.?[0-9]+-?)?")

MONOTONE = re.compile(r"[(\[]?\s*(-?[01]\s*(,\s*-?[01]\s*)*,?)?\s*[)\]]?")


@dataclass(frozen=True)
class Hyperparameters:
    """What the program itself reads, and what it hands to XGBoost as it came."""

    num_round: int
    early_stopping_rounds: int | None
    threshold_rule: str
    eval_metrics: tuple[str, ...]
    booster: dict[str, str]

    @property
    def max_bin(self) -> int:
        return int(self.booster.get("max_bin", "256"))

    @property
    def seed(self) -> int:
        """Of the whole training; each round's seed follows from it."""
        return int(self.booster["seed"])

    @property
    def binned(self) -> bool:
        """Whether the training works on bins alone, so that the floats need not be held."""
        return self.booster["tree_method"] == "hist"


def parse(arguments: Sequence[str], task: Task, classes: int) -> Hyperparameters:
    """Command line arguments and the task as hyperparameters; `sagemaker_…` is the platform's and left out.

    Raises InputError on arguments that are not `--name value`, numbers that are none or not finite, or an objective
    that does not fit the task.
    """
    given = pairs(arguments)
    objective, metrics = OBJECTIVES[task]
    booster = {"objective": objective, "tree_method": "hist", "seed": "0"} | given
    for name in ("num_round", "early_stopping_rounds", "threshold_rule", "eval_metric"):
        booster.pop(name, None)
    if not booster["objective"].startswith(PREFIXES[task]):
        raise InputError(f"The objective {booster['objective']} does not fit a {task} label; {objective} does.")
    if task == "multiclass":
        booster["num_class"] = str(classes)
    booster["nthread"] = os.environ.get("SM_NUM_CPUS") or str(os.cpu_count() or 1)
    for name, text in booster.items():
        _check_finite(name, text)
    _count("seed", booster["seed"])
    _count("max_bin", booster.get("max_bin", "256"))
    return Hyperparameters(
        num_round=_count("num_round", given.get("num_round", "100")),
        early_stopping_rounds=_count("early_stopping_rounds", given.get("early_stopping_rounds", "0")) or None,
        threshold_rule=given.get("threshold_rule", "f1"),
        eval_metrics=_names(given["eval_metric"]) if "eval_metric" in given else metrics,
        booster=booster,
    )


def misplaced(given: Mapping[str, Any], features: int) -> Iterator[str]:
    """Constraints that do not fit so many features, one clause each, which begins with the name.

    XGBoost itself takes features without a constraint for free ones, and says nothing about numbers that none has.
    """
    monotone, interaction = (str(given.get(f"{name}_constraints") or "") for name in ("monotone", "interaction"))
    signs = re.findall(r"-?\d+", monotone)
    if monotone and not MONOTONE.fullmatch(monotone):
        yield f"monotone_constraints is {monotone!r:.50}; write -1, 0 or 1 for each feature, (1,0,-1)."
    elif signs and len(signs) != features:
        yield f"monotone_constraints names {len(signs)} features, there are {features}; write 0 for free ones."
    numbers = [int(number) for number in re.findall(r"\d+", interaction)]
    if numbers and max(numbers) >= features:
        yield f"interaction_constraints names the feature {max(numbers)}, there are {features}, numbered from 0."


def _count(name: str, text: str) -> int:
    if not text.isdecimal() or len(text) > 18:
        raise InputError(f"The hyperparameter {name} is {text!r:.50}, a whole number is needed.")
    return int(text)


def _check_finite(name: str, text: str) -> None:
    try:
        finite = math.isfinite(float(text))
    except ValueError:
        return  # no number, or XGBoost says what is wrong with it
    if not finite:
        raise InputError(f"The hyperparameter {name} is {text!r:.50}, a finite number is needed.")


def _names(text: str) -> tuple[str, ...]:
    """`auc,logloss` or `["auc", "logloss"]`."""
    try:
        names = json.loads(text) if text.startswith("[") else text.split(",")
    except (ValueError, RecursionError):
        names = []
    if not names or not all(isinstance(name, str) and METRIC.fullmatch(name.strip()) for name in names):
        raise InputError(
            f"The hyperparameter eval_metric is {text!r:.100}, names such as auc,logloss or error@0.7 are needed."
        )
    return tuple(name.strip() for name in names)
