"""Golden records: raw test rows with the decisions of training time, and how answers are held against them."""

import json
from collections.abc import Sequence
from typing import Any

from contract.documents import Document
from contract.errors import InputError
from contract.package import GOLDEN_URL, Golden

#: Scores are single precision floats. Another processor may add them up in another order; beyond that it is another
#: model.
TOLERANCE = 1e-6

#: What an endpoint said about one record: decision, score, model_version.
Answer = dict[str, Any]


def read(s3: Any, package: Document) -> list[Golden]:
    """The golden records of a version. Raises InputError when it names none, ClientError when they cannot be read."""
    url = package.get("CustomerMetadataProperties", {}).get(GOLDEN_URL)
    if not url:
        raise InputError(
            f"{package.get('ModelPackageArn', 'The package')} names no golden records in its metadata "
            f"({GOLDEN_URL}): there is nothing to prove it with."
        )
    records = parse(content(s3, url).decode())
    if not records:
        raise InputError(f"{url} holds no golden record: there is nothing to prove the version with.")
    return records


def content(s3: Any, url: str) -> bytes:
    """The bytes of an object by its s3:// address."""
    bucket, _, key = url.removeprefix("s3://").partition("/")
    body: bytes = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    return body


def parse(text: str) -> list[Golden]:
    """One JSON object a line. Raises InputError with the line that is none."""
    found = []
    # Only a line feed ends a line: a category may hold Unicode's other line ends.
    for number, line in enumerate(text.split("\n"), start=1):
        if not line:
            continue
        try:
            found.append(Golden(**json.loads(line)))
        except (json.JSONDecodeError, TypeError) as error:
            raise InputError(f"Line {number} of the golden records cannot be read: {error}.") from None
    return found


def difference(expected: Golden, answer: Answer, version: int) -> str | None:
    """What tells the answer from that of training time, in words; None when it is the same."""
    if "error" in answer:
        return f"it was refused: {answer['error']}"
    if not close(expected.score, answer.get("score")):
        return f"the score was {expected.score} at training time and is {answer.get('score')}"
    if not _same(expected.decision, answer.get("decision")):
        return f"the decision was {expected.decision!r} at training time and is {answer.get('decision')!r}"
    if answer.get("model_version") != version:
        return f"version {answer.get('model_version')} answered, version {version} is meant to be there"
    return None


def differences(records: Sequence[Golden], answers: Sequence[Answer], version: int) -> list[str]:
    """One sentence for each record that is answered otherwise than at training time, or not at all."""
    if len(answers) != len(records):
        return [f"{len(records)} records were sent and {len(answers)} answers came back"]
    compared = (difference(one, answer, version) for one, answer in zip(records, answers, strict=True))
    return [f"golden record {place}: {said}" for place, said in enumerate(compared) if said]


def _same(expected: str | float, found: Any) -> bool:
    return close(expected, found) if isinstance(expected, float) else expected == found


def close(expected: float | list[float], found: Any) -> bool:
    """Whether a score, or each of several, is within the tolerance."""
    if isinstance(expected, list):
        return isinstance(found, list) and len(found) == len(expected) and all(map(close, expected, found))
    if isinstance(found, bool) or not isinstance(found, int | float):
        return False
    return abs(expected - found) <= TOLERANCE * max(1.0, abs(expected))
