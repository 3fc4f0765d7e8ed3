"""What [train.hyperparameters] must not be: each by itself, for the task, and beside the others."""

import json
import re
from collections.abc import Iterator

from pydantic import ValidationError

from contract.columns import Task
from model_build.algorithms import ALGORITHMS
from model_build.config.sentences import words
from model_build.config.tables import Config
from model_build.hyperparameters import DART, OBJECTIVES, XGBoost
from model_build.jobs.hyperparameters import misplaced

_RANKS = r"(@[1-9]\d{0,8}-?)?"
#: XGBoost prints .5 without its number, and four digits as they came.
_CUT = r"(@(?!0\.5$)0\.\d{0,3}[1-9])?"

#: Task → metric on the log → what may follow its name. XGBoost prints each under the name that it was asked for.
METRICS: dict[Task, dict[str, str]] = {
    "binary": {
        **dict.fromkeys(("auc", "aucpr", "logloss", "rmse", "rmsle", "mae", "mphe"), ""),
        "error": _CUT,
        **dict.fromkeys(("map", "ndcg"), _RANKS),
        "pre": r"(@[1-9]\d{0,8})?",
    },
    "multiclass": dict.fromkeys(("auc", "aucpr", "mlogloss", "merror"), ""),
    "regression": {
        **dict.fromkeys(("rmse", "rmsle", "mae", "mape", "mphe"), ""),
        **dict.fromkeys(("gamma-deviance", "gamma-nloglik", "poisson-nloglik"), ""),
        "tweedie-nloglik": r"@1(\.\d{0,3}[1-9])?",
    },
}

#: Task → what Train prints unless eval_metric names others (see `jobs.hyperparameters.OBJECTIVES`).
PRINTED: dict[Task, tuple[str, ...]] = {
    "binary": ("logloss", "auc"),
    "multiclass": ("mlogloss", "merror"),
    "regression": ("rmse",),
}


def contradictions(config: Config) -> Iterator[str]:
    """One sentence per contradiction, each beginning with the key."""
    algorithm = ALGORITHMS[config.train.algorithm]
    try:
        parsed = algorithm.hyperparameters.model_validate(config.train.hyperparameters)
    except ValidationError as error:
        for fault in error.errors():
            key = f"train.hyperparameters.{fault['loc'][0]}"
            if fault["type"] == "extra_forbidden":
                yield f"{key}: {algorithm.title} has no such hyperparameter, or the template sets it itself."
            else:
                yield f"{key} = {fault['input']!r}: {words(fault)}."
        return
    if not isinstance(parsed, XGBoost):
        return
    task = config.columns.task
    if parsed.objective is not None and parsed.objective not in OBJECTIVES[task]:
        known = ", ".join(OBJECTIVES[task])
        yield f"train.hyperparameters.objective = {parsed.objective!r} does not fit a {task} task; use one of {known}."
    if parsed.base_score is not None and task == "binary" and not 0 < parsed.base_score < 1:
        yield f"train.hyperparameters.base_score = {parsed.base_score:g}: a first probability lies between 0 and 1."
    yield from _metrics(parsed, task)
    for name in DART:
        if getattr(parsed, name) is not None and parsed.booster != "dart":
            yield f'train.hyperparameters.{name} has no effect without booster = "dart"; remove it.'
    yield from _constrained(config, parsed)
    if parsed.tree_method == "exact":
        yield from (f"train.hyperparameters.tree_method = 'exact' {fault}" for fault in exact(parsed))
        if config.instances.training_count > 1:
            yield (
                "train.hyperparameters.tree_method = 'exact' trains on one instance; "
                "choose hist or approx, or set instances.training_count = 1."
            )


def _constrained(config: Config, parsed: XGBoost) -> Iterator[str]:
    """Constraints of features by number, where their count is known before Fit: Train looks at all."""
    columns = config.columns
    features = columns.numeric + columns.categorical + columns.derived_numeric + columns.derived_categorical
    if config.preprocess.encoding == "ordinal":
        yield from (f"train.hyperparameters.{fault}" for fault in misplaced(parsed.model_dump(), len(features)))


def exact(parsed: XGBoost) -> Iterator[str]:
    """What the tree method "exact" cannot do: https://xgboost.readthedocs.io/en/stable/treemethod.html."""
    if parsed.max_depth == 0:
        yield "needs a limit of the depth: max_depth of 1 or more."
    if parsed.colsample_bynode not in (None, 1):
        yield "draws no columns by split: remove colsample_bynode, or choose hist or approx."


def printed(config: Config) -> tuple[str, ...]:
    """The metrics that Train prints, the way it reads `eval_metric` itself: a list, its JSON text, or names with
    commas between. Raises ValueError for a text that is no list."""
    given = config.train.hyperparameters.get("eval_metric")
    return PRINTED[config.columns.task] if given is None else _names(given)


def _names(given: object) -> tuple[str, ...]:
    if isinstance(given, str):
        try:
            given = json.loads(given) if given.startswith("[") else given.split(",")
        except RecursionError:
            raise ValueError("too deep") from None
    if not isinstance(given, list) or not all(isinstance(name, str) for name in given):
        raise ValueError(given)
    return tuple(name.strip() for name in given)


def _metrics(parsed: XGBoost, task: Task) -> Iterator[str]:
    key, known = "train.hyperparameters.eval_metric", METRICS[task]
    if parsed.eval_metric is None:
        return
    try:
        names = _names(parsed.eval_metric)
    except ValueError:
        yield f"{key} = {parsed.eval_metric!r:.100} is no list of names."
        return
    if not names:
        yield f"{key} is empty; name a metric, or remove it."
    for name in names:
        if not any(re.fullmatch(re.escape(each) + suffix, name) for each, suffix in known.items()):
            yield f"{key}: {name!r} is no metric of a {task} task that XGBoost prints as named: {', '.join(known)}."
