"""How the artefact is served: limits of the mode, version, reasons. Read from the container's environment."""

from collections.abc import Mapping
from dataclasses import dataclass

from contract.errors import InputError

MEGABYTE = 1024**2

#: The largest request of a real-time endpoint (25 MB) and of a transform job (100 MB); SageMaker's quotas.
REAL_TIME_BYTES, BATCH_BYTES = 25 * MEGABYTE, 100 * MEGABYTE

#: A synchronous answer is due within 60 s, and other clients wait behind it: larger requests are no synchronous ones.
REAL_TIME_RECORDS = 100_000

#: What one request may hold decoded, in cells: a few bytes of Parquet can stand for any number of rows.
CELLS = 200_000_000


@dataclass(frozen=True)
class Serving:
    """The settings of one container.

    batch    a transform job: one bad record costs one error row, never the request
    largest  bytes of a request
    records  of a request; None: as many as there are
    version  of the model package, told with each answer; None: not told
    reasons  top attributions of each decision that are told without being asked for
    """

    batch: bool = False
    largest: int = REAL_TIME_BYTES
    records: int | None = REAL_TIME_RECORDS
    version: int | str | None = None
    reasons: int = 0


def from_environment(environment: Mapping[str, str]) -> Serving:
    """The settings in SAGEMAKER_BATCH (set by SageMaker), MAX_CONTENT_LENGTH (bytes), MODEL_VERSION and REASONS.

    Without MAX_CONTENT_LENGTH the limit is that of a real-time endpoint, or of a transform job; an asynchronous
    endpoint gets its gigabyte by it, and with more than the 25 MB of a synchronous request goes the limit on records.
    Raises InputError for what is no number.
    """
    batch = environment.get("SAGEMAKER_BATCH", "").lower() == "true"
    largest = _number(environment, "MAX_CONTENT_LENGTH", BATCH_BYTES if batch else REAL_TIME_BYTES)
    version = environment.get("MODEL_VERSION") or None
    return Serving(
        batch=batch,
        largest=largest,
        records=None if batch or largest > REAL_TIME_BYTES else REAL_TIME_RECORDS,
        version=int(version) if version and version.isascii() and version.isdigit() else version,
        reasons=_number(environment, "REASONS", 0),
    )


def _number(environment: Mapping[str, str], name: str, default: int) -> int:
    text = environment.get(name) or str(default)
    if not (text.isascii() and text.isdigit()):
        raise InputError(f"The environment variable {name} is {text!r}; a whole number is needed.")
    return int(text)
