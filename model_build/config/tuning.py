"""What may be tuned, and how: tables by algorithm, default ranges, and what a range must not be.

Names, kinds and objectives are those of SageMaker's own algorithms, to which a tuning job on their images is held:
https://docs.aws.amazon.com/sagemaker/latest/dg/xgboost-tuning.html and …/random-cut-forest-tuning.html.
"""

from collections.abc import Iterator, Mapping
from typing import Literal

from pydantic import BaseModel, ValidationError

from model_build.config import training
from model_build.config.sentences import words
from model_build.config.tables import Config, Range
from model_build.hyperparameters import XGBoost

Direction = Literal["Maximize", "Minimize"]
Kind = Literal["Integer", "Continuous"]

SCALINGS = {"auto": "Auto", "linear": "Linear", "logarithmic": "Logarithmic", "reverse": "ReverseLogarithmic"}


#: Algorithm → hyperparameters that a tuning job may vary.
TUNABLE: dict[str, dict[str, Kind]] = {
    "xgboost": {
        "alpha": "Continuous",
        "colsample_bylevel": "Continuous",
        "colsample_bynode": "Continuous",
        "colsample_bytree": "Continuous",
        "eta": "Continuous",
        "gamma": "Continuous",
        "lambda": "Continuous",
        "max_delta_step": "Integer",
        "max_depth": "Integer",
        "min_child_weight": "Continuous",
        "num_round": "Integer",
        "subsample": "Continuous",
    },
    "random_cut_forest": {"num_samples_per_tree": "Integer", "num_trees": "Integer"},
}

#: What is tuned when the configuration names no ranges. XGBoost's lie about its defaults: of 58 splits of seven real
#: sets, ten trials within them found better than the defaults on 57, within wider ranges on 51.
DEFAULTS: dict[str, dict[str, Range]] = {
    "xgboost": {
        "colsample_bytree": Range(min=0.3, max=0.9),
        "eta": Range(min=0.02, max=0.1, scaling="logarithmic"),
        "max_depth": Range(min=3, max=8),
        "min_child_weight": Range(min=0.5, max=8.0, scaling="logarithmic"),
        "subsample": Range(min=0.6, max=1.0),
    },
    "random_cut_forest": {
        "num_samples_per_tree": Range(min=64, max=1024, scaling="logarithmic"),
        "num_trees": Range(min=50, max=200),
    },
}

#: Algorithm and task → metrics of the validation split by which trials are compared; the first is the default.
OBJECTIVES: dict[tuple[str, str], dict[str, Direction]] = {
    ("xgboost", "binary"): {"auc": "Maximize", "logloss": "Minimize", "error": "Minimize"},
    ("xgboost", "multiclass"): {"mlogloss": "Minimize", "merror": "Minimize"},
    ("xgboost", "regression"): {"rmse": "Minimize", "mae": "Minimize"},
    ("random_cut_forest", "binary"): {"auc": "Maximize"},
}


def ranges(config: Config) -> Mapping[str, Range]:
    """What the configuration tunes, by name."""
    return dict(sorted((config.tuning.ranges or DEFAULTS[config.train.algorithm]).items()))


def objective(config: Config) -> tuple[str, Direction]:
    """The metric's name without its split, and whether more of it is better."""
    known = OBJECTIVES[config.train.algorithm, config.columns.task]
    name = config.tuning.objective or next(iter(known))
    return name, known[name]


def contradictions(config: Config, own_model: bool, hyperparameters: type[BaseModel]) -> Iterator[str]:
    """One sentence per contradiction in [tuning], each beginning with the key."""
    tuning, algorithm, task = config.tuning, config.train.algorithm, config.columns.task
    if not tuning.enabled:
        return
    if config.train.engine == "builtin":
        yield (
            'tuning.enabled: with train.engine = "builtin" nothing is tuned, since the number of features is known '
            'after PreprocessFit alone; remove it, or write engine = "script".'
        )
        return
    if own_model and not tuning.ranges:
        yield "tuning.ranges: a model of one's own has no default ranges; name them."
    known = OBJECTIVES.get((algorithm, task), {})
    if tuning.objective is not None and tuning.objective not in known:
        yield f"tuning.objective = {tuning.objective!r} is none of a {task} task; known are {', '.join(known)}."
    elif known and not own_model and algorithm == "xgboost":
        yield from _printed(config)
    if tuning.max_parallel > tuning.max_jobs:
        yield f"tuning.max_parallel = {tuning.max_parallel} is more than tuning.max_jobs = {tuning.max_jobs}."
    if tuning.warm_start == "identical" and not tuning.parents:
        yield 'tuning.warm_start = "identical" says what parents saw; name them in tuning.parents, or remove it.'
    if len(set(tuning.parents)) < len(tuning.parents):
        yield "tuning.parents: a job stands twice."
    for name, row in ranges(config).items():
        kind = TUNABLE[algorithm].get(name)
        if kind is None:
            yield f"tuning.ranges.{name}: {algorithm} cannot tune it; known are {', '.join(TUNABLE[algorithm])}."
            continue
        if faults := list(_range(row, kind)):
            yield from (f"tuning.ranges.{name}: {fault}" for fault in faults)
            continue
        for value in ends(row, kind):
            found = _refusals(config, name, value, hyperparameters)
            yield from (f"tuning.ranges.{name}: {value!r}: {fault}" for fault in found)
    if tuning.strategy == "grid":
        yield from _grid(config)


def _printed(config: Config) -> Iterator[str]:
    try:
        printed = training.printed(config)
    except ValueError:
        return  # said by the check of the hyperparameters
    name = objective(config)[0]
    if name not in printed:
        yield f"tuning.objective = {name!r} is not on the log: add it to train.hyperparameters.eval_metric."


def ends(row: Range, kind: Kind) -> tuple[int | float | str, ...]:
    """All values of a range, or its two ends, as the training jobs get them."""
    cast = int if kind == "Integer" else float
    return row.values or tuple(cast(end) for end in (row.min, row.max) if end is not None)


def values(config: Config, name: str, default: int) -> list[int]:
    """The whole numbers that a hyperparameter gets: the one of [train.hyperparameters], or the ends of its range."""
    row = ranges(config).get(name) if config.tuning.enabled else None
    found = ends(row, "Integer") if row else (config.train.hyperparameters.get(name, default),)
    return [value for value in found if isinstance(value, int)]


def _refusals(config: Config, name: str, value: int | float | str, hyperparameters: type[BaseModel]) -> Iterator[str]:
    """Why the algorithm refuses the value: by itself, or with the tree method."""
    method = {key: given for key, given in config.train.hyperparameters.items() if key == "tree_method"}
    try:
        parsed = hyperparameters.model_validate({**method, name: value})
    except ValidationError as error:
        for fault in error.errors():
            if fault["loc"][0] == name:  # what is wrong with the method is said where it stands
                yield f"{words(fault)}."
        return
    if isinstance(parsed, XGBoost) and parsed.tree_method == "exact":
        yield from (f"tree_method = 'exact' {fault}" for fault in training.exact(parsed))


def _range(row: Range, kind: Kind) -> Iterator[str]:
    if bool(row.values) == any(end is not None for end in (row.min, row.max)):
        yield "a range has either min and max, or values."
    elif row.values:
        if min(len(set(row.values)), len(set(map(str, row.values)))) < len(row.values):
            yield "a value stands twice."
        if kind == "Integer" and not all(isinstance(value, int) for value in row.values):
            yield "values must be whole numbers, written without a point."
    elif row.min is None or row.max is None:
        yield "min and max go together; name both."
    elif row.min >= row.max:
        yield f"min = {row.min:g} is not below max = {row.max:g}."
    elif kind == "Integer" and not all(float(end).is_integer() for end in (row.min, row.max)):
        yield "min and max must be whole numbers."
    else:
        yield from _scaling(row, kind)


def _scaling(row: Range, kind: Kind) -> Iterator[str]:
    low, high = row.min or 0, row.max or 0
    if row.scaling == "logarithmic" and low <= 0:
        yield "logarithmic scaling needs a min above 0."
    if row.scaling == "reverse" and (kind == "Integer" or not 0 <= low < high < 1):
        yield "reverse scaling needs a continuous range within [0, 1)."


def _grid(config: Config) -> Iterator[str]:
    if config.tuning.parents:
        yield 'tuning.parents: strategy = "grid" tries every combination whatever parents found; remove them.'
    combinations = 1
    for name, row in ranges(config).items():
        if not row.values:
            yield f'tuning.ranges.{name}: strategy = "grid" needs values, not min and max.'
            return
        combinations *= len(row.values)
    if config.tuning.max_jobs != combinations:
        yield f"tuning.max_jobs = {config.tuning.max_jobs}: the grid has {combinations} combinations; say so here."
