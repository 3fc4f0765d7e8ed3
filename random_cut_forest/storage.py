"""A forest in one file: numpy's .npz with fixed dates and no pickles, so that equal forests have equal bytes.

The artefact of SageMaker's own container is another format, which nothing but that container reads.
"""

import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contract.errors import InputError
from random_cut_forest.trees import LEAF, Trees

FORMAT = "random-cut-forest 1"

#: Member → dtype and dimensions.
MEMBERS: dict[str, tuple[str, int]] = {
    "roots": ("<i4", 1),
    "left": ("<i4", 1),
    "feature": ("<i4", 1),
    "cut": ("<f8", 1),
    "mass": ("<i4", 1),
    "points": ("<f8", 2),
    "seed": ("<u8", 0),
}


def write(path: Path, trees: Trees, seed: int) -> None:
    """Write trees and seed to `path`: whole or not at all."""
    partial = path.with_name(path.name + ".partial")
    with zipfile.ZipFile(partial, "w") as archive:
        archive.comment = FORMAT.encode()
        for name, (dtype, _) in MEMBERS.items():
            array = np.ascontiguousarray(seed if name == "seed" else getattr(trees, name), dtype=dtype)
            content = io.BytesIO()
            np.lib.format.write_array(content, array.reshape(()) if name == "seed" else array, version=(1, 0))
            archive.writestr(zipfile.ZipInfo(f"{name}.npy"), content.getvalue())
    partial.replace(path)


def read(path: Path) -> tuple[Trees, int]:
    """Trees and seed out of `path`. Raises InputError when it is missing, broken, or no such file."""
    try:
        members = _members(path)
    except FileNotFoundError:
        raise InputError(f"{path} is missing.") from None
    except (OSError, EOFError, KeyError, ValueError, RuntimeError, zipfile.BadZipFile) as error:
        raise InputError(f"{path} is no Random Cut Forest or is damaged ({error}): train it again.") from None
    seed = int(members.pop("seed"))
    trees = Trees(**members)
    if fault := _fault(trees):
        raise InputError(f"{path} is no Random Cut Forest or is damaged ({fault}): train it again.")
    return trees, seed


def _members(path: Path) -> dict[str, NDArray[Any]]:
    """Raises ValueError when a member is not what it should be; zipfile checks each one's checksum.

    For a version or an encryption that it does not know, zipfile raises RuntimeError.
    """
    with zipfile.ZipFile(path) as archive:
        if archive.comment != FORMAT.encode():
            raise ValueError(f"its format is not {FORMAT!r}")
        if any(entry.compress_type != zipfile.ZIP_STORED for entry in archive.infolist()):
            raise ValueError("its members are compressed")
        members = {
            name: np.lib.format.read_array(io.BytesIO(archive.read(f"{name}.npy")), allow_pickle=False)
            for name in MEMBERS
        }
    for name, (dtype, dimensions) in MEMBERS.items():
        if members[name].dtype != np.dtype(dtype) or members[name].ndim != dimensions:
            raise ValueError(f"{name} has another type or shape")
    return members


def _fault(trees: Trees) -> str | None:
    """Why the arrays do not make a forest; None when they do."""
    nodes, inner = len(trees.left), trees.left != LEAF
    if not {len(trees.feature), len(trees.cut), len(trees.mass)} <= {nodes} or not len(trees.roots):
        return "its arrays differ in length"
    if len(trees.points) != np.count_nonzero(~inner) or not trees.points.shape[1]:
        return "its leaves and points differ in number"
    # Every node is a root or the child of one inner node before it: so each walk ends.
    parents, left = np.flatnonzero(inner), trees.left[inner]
    if not ((left > parents) & (left < nodes - 1)).all():
        return "a child is out of place"
    owned = np.sort(np.concatenate([trees.roots, left, left + 1]))
    if not np.array_equal(owned, np.arange(nodes)):
        return "a node has no parent or several"
    if not ((trees.feature >= 0) & (trees.feature < trees.points.shape[1])).all() or not (trees.mass > 0).all():
        return "a cut is out of place"
    if not (np.isfinite(trees.cut).all() and np.isfinite(trees.points).all()):
        return "a number is not finite"
    return None
