"""The boosting loop: rounds in segments, the log line of each, early stopping.

A training that was interrupted must end with the model of one that was not, to the byte. XGBoost keeps state that no
file holds: its random numbers, the columns it has drawn, predictions summed up in the order of their making. So every
training, interrupted or not, begins each segment with a booster out of a file, and each round with a seed of its own.
"""

import hashlib
import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import xgboost as xgb

from contract.errors import InputError
from model_build.jobs.checkpoints import Checkpoint, Checkpoints
from model_build.jobs.collective import of_first

#: Metrics of which more is better; of all others less is (xgboost.callback.EarlyStopping has the same list).
MAXIMISED = ("auc", "aucpr", "pre", "map", "ndcg")

#: A segment is this part of the rounds: an interruption repeats at most so much.
SEGMENTS = 20


@dataclass
class Stopping:
    """The state of early stopping, which is all that a resumed training needs beside the booster.

    metric     the metric of the validation split that decides
    patience   rounds without a better value until the end; None: never
    best_line  what was printed after the best round
    """

    metric: str
    patience: int | None
    best_round: int = -1
    best_score: float = field(default=float("nan"))
    best_line: str = ""

    def observe(self, boosting_round: int, score: float, line: str = "") -> bool:
        """Take in a round's score; whether training should end."""
        better = (
            score > self.best_score if self.metric.split("@")[0].rstrip("-") in MAXIMISED else score < self.best_score
        )
        if self.best_round < 0 or better:
            self.best_round, self.best_score, self.best_line = boosting_round, score, line
        return self.patience is not None and boosting_round - self.best_round >= self.patience

    def state(self) -> dict[str, Any]:
        return asdict(self)

    def restore(self, state: Mapping[str, Any]) -> None:
        for name, value in state.items():
            setattr(self, name, value)


@dataclass(frozen=True)
class Training:
    """What a training is made of.

    parameters   XGBoost's, as pairs: `eval_metric` may come several times
    seed         all rounds' seeds follow from it
    rounds       at most so many
    """

    parameters: list[tuple[str, str]]
    train: xgb.DMatrix
    validation: xgb.DMatrix
    seed: int
    rounds: int

    @property
    def interval(self) -> int:
        """Rounds in a segment."""
        return max(1, self.rounds // SEGMENTS)

    def booster(self, model: bytes | None = None) -> xgb.Booster:
        booster = xgb.Booster(self.parameters, cache=[self.train, self.validation])
        if model is not None:
            booster.load_model(bytearray(model))
            booster.set_param(self.parameters)
        return booster


def boost(
    training: Training,
    stopping: Stopping,
    checkpoints: Checkpoints,
    say: Callable[[str], None] = lambda line: print(line, flush=True),
) -> tuple[xgb.Booster, bool]:
    """The booster with all its trees, and whether early stopping ended it.

    Goes on after the newest checkpoint. Each round prints the line of SageMaker's XGBoost image, whose metric
    definitions read it: `[0]\ttrain-auc:0.86000\tvalidation-auc:0.85000`.

    Raises InputError when the metric that decides is not defined on the validation split.
    """
    begun = of_first(checkpoints.newest())
    if begun:
        stopping.restore(begun.stopping)
        say(f"Resumed after {begun.rounds} rounds, from a checkpoint.")
    first = begun.rounds if begun else 0
    booster = training.booster(begun.model if begun else None)
    evaluated = [(training.train, "train"), (training.validation, "validation")]
    for boosting_round in range(first, training.rounds):
        if boosting_round % training.interval == 0 and boosting_round > first:
            model = bytes(booster.save_raw("ubj"))
            checkpoints.write(Checkpoint(boosting_round, model, stopping.state()))
            booster = training.booster(model)
        booster.set_param("seed", str(seed_of(training.seed, boosting_round)))
        booster.update(training.train, boosting_round)
        scores = _scores(booster.eval_set(evaluated, boosting_round))
        line = "\t".join([f"[{boosting_round}]", *(f"{name}:{score:.5f}" for name, score in scores.items())])
        say(line)
        if stopping.observe(boosting_round, _deciding(scores), line):
            return booster, True
    return booster, False


def seed_of(seed: int, boosting_round: int) -> int:
    """The seed of one round: 31 bits of a hash, as neighbouring seeds give related numbers."""
    digest = hashlib.sha256(f"{seed} {boosting_round}".encode()).digest()
    return int.from_bytes(digest[:4]) >> 1


def _deciding(scores: Mapping[str, float]) -> float:
    """The first metric of the validation split; XGBoost has names of its own, `error` for `error@0.5`."""
    name, score = next(item for item in scores.items() if item[0].startswith("validation-"))
    if math.isnan(score):
        raise InputError(f"{name} is not a number: take another metric first, or hyperparameters that do not diverge.")
    return score


def _scores(line: str) -> dict[str, float]:
    r"""XGBoost's own `[0]\ttrain-auc:0.86\tvalidation-auc:0.85` as a table."""
    pairs = (part.rsplit(":", 1) for part in line.split("\t")[1:])
    return {name: float(score) for name, score in pairs}
