"""The artefact in memory: what an endpoint, a transform job and Evaluate answer with."""

import importlib.util
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from contract import documents, package
from contract.decision import Decision
from contract.errors import InputError
from contract.package import CODE, FOREST, MODEL
from contract.preprocessor import Preprocessor
from inference import boosting, engine, forest
from inference.decision import Scores, decide
from inference.engine import Engine, Matrix
from preprocessing.derive import Features
from preprocessing.record import RecordEncoder


@dataclass(frozen=True)
class Model:
    """A loaded artefact. `features` is the function of the pipeline's own features.py, None without one."""

    preprocessor: Preprocessor
    decision: Decision
    encoder: RecordEncoder
    engine: Engine
    features: Features | None = None

    def predict(self, matrix: Matrix) -> Scores:
        """From features (n, features) float32, NaN for what is missing, to scores."""
        return self.engine.predict(matrix)

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
    features = own_features(folder)
    answering = _engine(folder, threads, len(preprocessor.feature_names))
    return Model(preprocessor, decision, RecordEncoder(preprocessor, features), answering, features)


def own_features(folder: Path) -> Features | None:
    """The function of the artefact's features.py, None without one. Raises InputError when it has none."""
    own = folder / CODE / "features.py"
    return _function(own, "features") if own.is_file() else None


def _engine(folder: Path, threads: int, width: int) -> Engine:
    for name, loader in LOADERS.items():
        if (folder / name).is_file():
            return loader(folder / name, threads, width)
    raise InputError(f"{folder} holds no model; looked for {', '.join(LOADERS)}.")


def _own(path: Path, _threads: int, _width: int) -> Engine:
    """A model of the pipeline's own: `predictor.py` defines `load(model_dir: Path)`, which gives `Engine.predict`."""
    return engine.of_batches(_function(path, "load")(path.parent.parent))


#: File in the artefact → what makes it answer; the first that is there. A further kind of model is a row here.
LOADERS: dict[str, Callable[[Path, int, int], Engine]] = {
    f"{CODE}/predictor.py": _own,
    MODEL: boosting.load,
    FOREST: forest.load,
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
