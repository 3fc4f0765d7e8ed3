"""The artefact in memory: what an endpoint, a transform job and Evaluate answer with."""

import importlib.util
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contract import documents, package
from contract.decision import Decision
from contract.errors import InputError
from contract.package import CODE, MODEL
from contract.preprocessor import Preprocessor
from inference.decision import Scores, decide
from preprocessing.record import RecordEncoder

Matrix = NDArray[np.float32]

#: From features (n, features) float32, NaN for what is missing, to scores: see `inference.decision.decide`.
Predict = Callable[[Matrix], Scores]


@dataclass(frozen=True)
class Model:
    """A loaded artefact."""

    preprocessor: Preprocessor
    decision: Decision
    encoder: RecordEncoder
    predict: Predict

    def decide(self, scores: Scores) -> Sequence[str | float]:
        """The decisions that belong to scores of `predict`."""
        return decide(self.decision, scores)


def load(folder: Path, threads: int = 1) -> Model:
    """The artefact in `folder` (an unpacked model.tar.gz).

    threads  for the prediction of batches; an endpoint has one worker a CPU, and 1 here

    Raises InputError when a part is missing or cannot be read.
    """
    preprocessor = Preprocessor.from_document(documents.read(folder / package.PREPROCESSOR))
    decision = Decision.from_document(documents.read(folder / package.DECISION))
    own = folder / CODE / "features.py"
    features = _function(own, "features") if own.is_file() else None
    return Model(preprocessor, decision, RecordEncoder(preprocessor, features), _predict(folder, threads))


def _predict(folder: Path, threads: int) -> Predict:
    for name, loader in LOADERS.items():
        if (folder / name).is_file():
            return loader(folder / name, threads)
    raise InputError(f"{folder} holds no model; looked for {', '.join(LOADERS)}.")


def _xgboost(path: Path, threads: int) -> Predict:
    import xgboost

    try:
        # Out of memory: by its name, without a suffix, XGBoost would have to guess the format, and warn.
        booster = xgboost.Booster(model_file=bytearray(path.read_bytes()))
    except xgboost.core.XGBoostError as error:
        raise InputError(f"{path.name} is no XGBoost model: {str(error).splitlines()[0]}") from None
    booster.set_param({"nthread": threads})
    return lambda matrix: booster.inplace_predict(matrix, missing=np.nan)


def _own(path: Path, _threads: int) -> Predict:
    """A model of the pipeline's own: `predictor.py` defines `load(model_dir: Path) -> Predict`."""
    predict: Predict = _function(path, "load")(path.parent.parent)
    return predict


#: File in the artefact → what makes it answer; the first that is there. A further kind of model is a row here.
LOADERS: dict[str, Callable[[Path, int], Predict]] = {
    f"{CODE}/predictor.py": _own,
    MODEL: _xgboost,
}


def _function(path: Path, name: str) -> Any:
    """The function in a Python file of the artefact. Raises InputError when the file has none of that name."""
    specification = importlib.util.spec_from_file_location(path.stem, path)
    if specification is None or specification.loader is None:
        raise InputError(f"{path} cannot be imported.")
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    if not callable(function := getattr(module, name, None)):
        raise InputError(f"{path.name} has no function {name}.")
    return function
