"""A Random Cut Forest as an engine: anomaly scores, the higher the less usual. No contributions."""

from pathlib import Path

from contract.errors import InputError
from inference import engine
from inference.decision import Scores
from inference.engine import Engine, Matrix


def load(path: Path, _threads: int, width: int) -> Engine:
    """The engine of a forest's file. Raises InputError when it is none, or takes another number of features.

    Where numba is installed, the walk is compiled now, for a second, and not in the first request.
    """
    from random_cut_forest import RandomCutForest

    forest = RandomCutForest.load(path)
    if forest.trees.features != width:
        raise InputError(
            f"{path.name} takes {forest.trees.features} features and the preprocessor makes {width}: "
            "they are not of one training."
        )
    forest.prepare()

    def predict(matrix: Matrix) -> Scores:
        return forest.score(matrix)

    return engine.of_batches(predict)
