"""Which values to try next: Optuna, told of all trials so far each time, so that nothing has to outlive the server."""

import hashlib
import itertools
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from local_aws.errors import NotSupported
from local_aws.jobs.tuning.ranges import Choice, Range

#: So many trials are drawn at random before their results say where to look.
STARTUP = 5

#: How often a draw that repeats an earlier trial is drawn again.
AGAIN = 20


@dataclass(frozen=True)
class Trial:
    """Values of a training job; `score` when it has one; `running` when it may still get one."""

    values: dict[str, str]
    score: float | None = None
    running: bool = False


def library() -> Any:
    """Optuna. Raises NotSupported when it is not installed."""
    try:
        import optuna
    except ImportError:
        raise NotSupported('hyperparameter tuning without Optuna (pip install "local-aws[tuning]")') from None
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna


def grid(ranges: Sequence[Range]) -> list[dict[str, str]]:
    """All combinations of categories, the last name varying fastest."""
    names = [row.name for row in ranges]
    return [
        dict(zip(names, values, strict=True))
        for values in itertools.product(*(row.values for row in ranges if isinstance(row, Choice)))
    ]


def ask(
    strategy: str, ranges: Sequence[Range], seed: int, past: Sequence[Trial], parents: Sequence[Trial], maximise: bool
) -> dict[str, str]:
    """The values of the next trial, the same for the same arguments.

    strategy  Bayesian (a tree-structured Parzen estimator), Random or Grid
    past      this tuning job's trials;  parents  those of the jobs that it starts warm from
    """
    if strategy == "Grid":
        return grid(ranges)[len(past)]
    optuna = library()
    number = _seed(seed, len(past))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        sampler = (
            optuna.samplers.RandomSampler(seed=number)
            if strategy == "Random"
            else optuna.samplers.TPESampler(
                seed=number, n_startup_trials=STARTUP, multivariate=True, constant_liar=True
            )
        )
        study = optuna.create_study(sampler=sampler, direction="maximize" if maximise else "minimize")
        space = {row.name: _distribution(optuna, row) for row in ranges}
        for trial in [*parents, *past]:
            if told := _told(optuna, trial, ranges, space):
                study.add_trial(told)
        return _unseen(study, space, ranges, [trial.values for trial in past])


def _unseen(study: Any, space: dict[str, Any], ranges: Sequence[Range], past: list[dict[str, str]]) -> dict[str, str]:
    for _ in range(AGAIN):
        drawn = study.ask(space).params
        values = {row.name: row.outside(drawn[row.name]) for row in ranges}
        if values not in past:
            break
    return values


def _seed(seed: int, number: int) -> int:
    return int.from_bytes(hashlib.sha256(f"{seed} {number}".encode()).digest()[:4])


def _distribution(optuna: Any, row: Range) -> Any:
    kind, arguments = row.distribution()
    return getattr(optuna.distributions, f"{kind}Distribution")(**arguments)


def _told(optuna: Any, trial: Trial, ranges: Sequence[Range], space: dict[str, Any]) -> Any:
    """The trial as Optuna knows it; None for one of a parent whose values are not within today's ranges."""
    try:
        values = {row.name: row.inside(trial.values[row.name]) for row in ranges}
    except (KeyError, ValueError):
        return None
    states = optuna.trial.TrialState
    if trial.score is not None:
        return optuna.trial.create_trial(params=values, distributions=space, value=trial.score)
    state = states.RUNNING if trial.running else states.FAIL
    return optuna.trial.create_trial(params=values, distributions=space, state=state)
