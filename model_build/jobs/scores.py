"""What a transform job of the built-in Random Cut Forest answered: JSON Lines, a file for each of the encoded ones."""

import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from contract.errors import InputError
from model_build.jobs.encoded import Encoded

SUFFIX = ".csv.out"


def read(folder: Path, split: Encoded) -> NDArray[np.float64]:
    """(rows,) the anomaly scores of the rows of `split`, in its order.

    The algorithm does not repeat its input: answers belong to rows by file and line. Raises InputError when a file or a
    line is missing.
    """
    found = {path.name.removesuffix(SUFFIX): path for path in folder.rglob(f"*{SUFFIX}")}
    if missing := [file.name for file in split.files if file.stem not in found]:
        raise InputError(f"No scores of {missing[0]} of the {split.name} split in {folder}: run Score again.")
    scores = np.array([score for file in split.files for score in _scores(found[file.stem])], dtype=np.float64)
    if len(scores) != split.rows:
        raise InputError(f"{len(scores)} scores stand against {split.rows} rows of the {split.name} split.")
    return scores


def _scores(path: Path) -> list[float]:
    try:
        return [json.loads(line)["score"] for line in path.read_text(encoding="utf-8").splitlines()]
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path.name} holds no scores of Random Cut Forest: {error!r}.") from None
