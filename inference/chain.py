"""The two containers around SageMaker's own Random Cut Forest: raw records → features, scores → decisions.

A chain hands each container the body and the content type of the one before (SageMaker developer guide, "Inference
pipelines"). The algorithm reads `text/csv` without parameters and gives no decision; it cannot pass anything by, so a
bad record is refused with its whole request, in a transform job as well.
"""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from contract import documents, package
from contract.decision import Decision
from contract.errors import InputError
from contract.preprocessor import Preprocessor
from inference import body, engine, formats, writing
from inference.application import OK, Contract, Environ, Response
from inference.decision import Scores, decide
from inference.engine import Matrix
from inference.model import Model, own_features
from inference.scoring import Scorer
from inference.serving import Serving
from inference.writing import Answers
from preprocessing.record import RecordEncoder

#: What the algorithm answers in.
SCORES = (formats.JSON, formats.JSON_LINES)


class Encoding(Contract):
    """Raw records in any format → features as CSV, each number with all of its digits."""

    def __init__(self, model: Model, serving: Serving) -> None:
        strict = replace(serving, batch=False)
        super().__init__(strict)
        self._scorer = Scorer(model, strict)

    def invocations(self, environ: Environ) -> Response:
        content = body.read(environ, self._serving.largest)
        # What the client accepts is for the last container.
        source, _ = formats.negotiate(environ.get("CONTENT_TYPE"), formats.CSV)
        return Response(OK, csv_of(self._scorer.encode(content, source).matrix), formats.CSV)


class Deciding(Contract):
    """The algorithm's scores → decisions, as one container alone would answer them."""

    def __init__(self, decision: Decision, serving: Serving) -> None:
        super().__init__(serving)
        self._decision = decision

    def invocations(self, environ: Environ) -> Response:
        content = body.read(environ, self._serving.largest)
        source, accept = formats.negotiate(environ.get("CONTENT_TYPE"), environ.get("HTTP_ACCEPT"))
        if source not in SCORES:
            raise InputError(f"Scores come as {' or '.join(SCORES)}, and not as {source}.")
        scores = READERS[source](content)
        answers = Answers(decide(self._decision, scores), scores.tolist(), self._serving.version)
        return Response(OK, writing.write(answers, accept), accept)


def load_encoding(folder: Path) -> Model:
    """What encodes, out of an artefact without a model. Raises InputError when a part is missing."""
    preprocessor = Preprocessor.from_document(documents.read(folder / package.PREPROCESSOR))
    decision = Decision.from_document(documents.read(folder / package.DECISION))
    features = own_features(folder)
    encoder = RecordEncoder(preprocessor, features)
    return Model(preprocessor, decision, encoder, engine.of_batches(_no_scores), features)


def load_deciding(folder: Path) -> Decision:
    """Raises InputError when the decision is missing."""
    return Decision.from_document(documents.read(folder / package.DECISION))


def csv_of(matrix: Matrix) -> bytes:
    """Lines of numbers that read back as the same float32."""
    return "".join(f"{','.join(map(repr, row))}\n" for row in matrix.astype(np.float64).tolist()).encode()


def scores_of_json(content: bytes) -> Scores:
    """(n,) float64 out of `{"scores": [{"score": 1.2}]}`. Raises InputError for another document."""
    return _numbers(lambda: [each["score"] for each in json.loads(content)["scores"]])


def scores_of_json_lines(content: bytes) -> Scores:
    """(n,) float64 out of lines of `{"score": 1.2}`. Raises InputError for other lines."""
    return _numbers(lambda: [json.loads(line)["score"] for line in content.splitlines() if line.strip()])


READERS: dict[str, Callable[[bytes], Scores]] = {
    formats.JSON: scores_of_json,
    formats.JSON_LINES: scores_of_json_lines,
}


def _numbers(read: Callable[[], list[Any]]) -> Scores:
    try:
        scores = np.array(read(), dtype=np.float64)
    except (KeyError, TypeError, ValueError, OverflowError, RecursionError) as error:
        raise InputError(f"These are no scores of Random Cut Forest: {error!r:.200}.") from None
    if scores.ndim != 1 or not np.isfinite(scores).all():
        raise InputError("These are no scores of Random Cut Forest: one finite number a row is needed.")
    return scores


def _no_scores(_matrix: Matrix) -> Scores:
    raise InputError("This container encodes; the next one has the model.")
