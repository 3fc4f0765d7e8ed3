"""A request's body → answers: the way of one record, of many at once, and the exact one for what is irregular."""

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from inference import formats, reading, reasons, validation
from inference.decision import Scores
from inference.engine import Matrix
from inference.model import Model
from inference.refusal import ModelError
from inference.serving import Serving
from inference.validation import Encoded
from inference.writing import Answers

if TYPE_CHECKING:
    from preprocessing.encode import BatchEncoder

T = TypeVar("T")

#: From so many records on, columns are faster than records, and Arrow's import is worth its time.
MANY = 64


def _spread(values: Sequence[T], encoded: Encoded) -> Sequence[T | None]:
    """What is said of the good records, by position among all."""
    if not encoded.errors:
        return values
    good = iter(values)
    return [None if at in encoded.errors else next(good) for at in range(encoded.records)]


class Scorer:
    """Answers with one model, under the settings of one container."""

    def __init__(self, model: Model, serving: Serving) -> None:
        self._model, self._serving = model, serving
        self._columns = model.preprocessor.columns
        classes = len(model.decision.classes)
        self._multiclass = model.decision.task == "multiclass"
        self._shown = {"binary": 1, "multiclass": classes, "regression": 0}[model.decision.task]

    def answers(self, body: bytes, content_type: str, told: int) -> Answers:
        """What is said about the records of a body; `told` reasons each.

        Raises InputError or RefusedError when there is no such body, or a bad record outside of a transform job, and
        ModelError when the model fails.
        """
        encoded = self.encode(body, content_type)
        scores = self._scores(encoded.matrix)
        why = reasons.top(self._model, encoded.matrix, scores, told) if told else None
        return Answers(
            decisions=_spread(self._model.decide(scores), encoded),
            scores=_spread(scores.tolist(), encoded),
            version=self._serving.version,
            errors=encoded.errors,
            reasons=None if why is None else _spread(why, encoded),
            width=self._shown,
            told=min(told, len(self._model.preprocessor.features)),
        )

    def encode(self, body: bytes, content_type: str) -> Encoded:
        """The features of the records of a body. Raises InputError or RefusedError as `answers` does."""
        if content_type == formats.PARQUET:
            from inference import parquet

            return parquet.features(body, self._columns, self._batches, self._model.encoder, self._serving)
        if content_type == formats.CSV and body.count(b"\n") >= MANY:
            reading.limit(body.count(b"\n"), self._serving.records)
            if (matrix := self._csv(body)) is not None:
                return Encoded(matrix)
        tolerant = self._serving.batch
        records = reading.read(body, content_type, self._columns, self._serving.records, tolerant)
        if content_type != formats.CSV and len(records) >= MANY and (matrix := self._json(records)) is not None:
            return Encoded(matrix)
        return validation.encode(self._model.encoder, records, tolerant)

    def _csv(self, body: bytes) -> Matrix | None:
        """The features of a regular body, None for any other."""
        from inference import tables

        try:
            return tables.csv_features(body, self._columns, self._batches, self._serving.batch)
        except tables.IrregularError:
            return None

    def _json(self, records: list[reading.Record]) -> Matrix | None:
        from inference import tables

        try:
            return tables.json_features(records, self._columns, self._batches)
        except tables.IrregularError:
            return None

    @cached_property
    def _batches(self) -> "BatchEncoder":
        from preprocessing.encode import BatchEncoder

        return BatchEncoder(self._model.preprocessor, self._model.features)

    def _scores(self, matrix: Matrix) -> Scores:
        shape = (len(matrix), self._shown) if self._multiclass else (len(matrix),)
        if not len(matrix):
            return np.empty(shape, dtype=np.float32)
        try:
            scores = np.asarray(self._model.predict(matrix))
        except Exception as error:
            raise ModelError(f"The prediction failed with {type(error).__name__}: {error}") from error
        if scores.shape != shape or scores.dtype.kind not in "fiu":
            raise ModelError(f"The model gave {scores.dtype} of shape {scores.shape} where numbers of {shape} belong.")
        if not np.isfinite(scores).all():
            raise ModelError("The model gave a score that is no finite number.")
        return scores if scores.dtype.kind == "f" else scores.astype(np.float64)
