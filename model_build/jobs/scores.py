"""What a transform job of the built-in Random Cut Forest answered: JSON Lines, a file for each of the encoded ones."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from contract.errors import InputError
from inference.chain import scores_of_json_lines
from model_build.jobs.encoded import Encoded

SUFFIX = ".csv.out"


def read(folder: Path, split: Encoded) -> NDArray[np.float64]:
    """(rows,) the anomaly scores of the rows of `split`, in its order.

    The algorithm does not repeat its input: answers belong to rows by file and line. Raises InputError when a file or a
    line is missing or holds no score.
    """
    found = {path.name.removesuffix(SUFFIX): path for path in folder.rglob(f"*{SUFFIX}")}
    if missing := [file.name for file in split.files if file.stem not in found]:
        raise InputError(f"No scores of {missing[0]} of the {split.name} split in {folder}: run Score again.")
    scores = np.concatenate([_scores(found[file.stem]) for file in split.files])
    if len(scores) != split.rows:
        raise InputError(f"{len(scores)} scores stand against {split.rows} rows of the {split.name} split.")
    return scores


def _scores(path: Path) -> NDArray[np.float64]:
    try:
        return np.asarray(scores_of_json_lines(path.read_bytes()), dtype=np.float64)
    except InputError as error:
        raise InputError(f"{path.name}: {error}") from None
