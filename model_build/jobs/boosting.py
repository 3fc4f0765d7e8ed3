"""The boosting loop: rounds, the log line of each, early stopping."""

from dataclasses import dataclass, field

import xgboost as xgb

#: Metrics of which more is better; of all others less is (xgboost.callback.EarlyStopping has the same list).
MAXIMISED = ("auc", "aucpr", "pre", "map", "ndcg")


@dataclass
class Stopping:
    """The state of early stopping, which is all that a resumed training needs beside the booster.

    metric   the metric of the validation split that decides
    patience rounds without a better value until the end; None: never
    """

    metric: str
    patience: int | None
    best_round: int = -1
    best_score: float = field(default=float("nan"))

    def observe(self, boosting_round: int, score: float) -> bool:
        """Take in a round's score; whether training should end."""
        better = score > self.best_score if self.metric.split("@")[0] in MAXIMISED else score < self.best_score
        if self.best_round < 0 or better:
            self.best_round, self.best_score = boosting_round, score
        return self.patience is not None and boosting_round - self.best_round >= self.patience


def boost(booster: xgb.Booster, train: xgb.DMatrix, validation: xgb.DMatrix, rounds: range, stopping: Stopping) -> bool:
    """Add the trees of `rounds` to the booster, in place; whether early stopping ended it.

    Each round prints the line of SageMaker's XGBoost image, whose metric definitions read it:
    `[0]\ttrain-auc:0.86000\tvalidation-auc:0.85000`.
    """
    evaluated = [(train, "train"), (validation, "validation")]
    for boosting_round in rounds:
        booster.update(train, boosting_round)
        scores = _scores(booster.eval_set(evaluated, boosting_round))
        line = "\t".join(f"{name}:{score:.5f}" for name, score in scores.items())
        print(f"[{boosting_round}]\t{line}", flush=True)
        if stopping.observe(boosting_round, scores[f"validation-{stopping.metric}"]):
            return True
    return False


def _scores(line: str) -> dict[str, float]:
    r"""XGBoost's own `[0]\ttrain-auc:0.86\tvalidation-auc:0.85` as a table."""
    pairs = (part.rsplit(":", 1) for part in line.split("\t")[1:])
    return {name: float(score) for name, score in pairs}
