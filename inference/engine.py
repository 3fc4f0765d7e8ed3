"""What answers: from features to scores, whichever algorithm it is."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inference.decision import Score, Scores

Matrix = NDArray[np.float32]


@dataclass(frozen=True)
class Engine:
    """A loaded model.

    predict        (rows, features) float32, NaN for what is missing → scores: see `inference.decision.decide`
    predict_one    one row, (features,) float32 → its score, the same to the last bit
    contributions  (rows, features) → what each feature adds to the score, in the units of the margin: (rows, features),
                   or (rows, classes, features); None when the model cannot say
    """

    predict: Callable[[Matrix], Scores]
    predict_one: Callable[[NDArray[np.float32]], Score]
    contributions: Callable[[Matrix], NDArray[np.floating]] | None = None


def of_batches(predict: Callable[[Matrix], Scores]) -> Engine:
    """The engine of a function that knows batches alone."""

    def predict_one(row: NDArray[np.float32]) -> Score:
        score: Score = np.asarray(predict(row[np.newaxis])).tolist()[0]
        return score

    return Engine(predict, predict_one)
