"""Checkpoints of a training: what a Spot interruption must not lose, one file each, written by rename.

SageMaker copies the folder to S3 while the job runs and back before it starts again. A file holds one line of JSON,
then the model: `{"identity", "rounds", "stopping", "sha256"}`. What is torn, or of another training, is passed over.
"""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from contract.documents import dumps, sha256
from model_build.jobs.collective import of_each
from model_build.jobs.encoded import Encoded

#: So many stay: the newest, and the one before, which a copy to S3 may just be reading.
KEPT = 2


@dataclass(frozen=True)
class Checkpoint:
    """`rounds` are done, `model` is the booster after them (UBJSON), `stopping` the state of early stopping."""

    rounds: int
    model: bytes
    stopping: Mapping[str, Any]


@dataclass(frozen=True)
class Checkpoints:
    """The checkpoints of the training `identity` in `folder`; without a folder there are none, and none are written."""

    folder: Path | None
    identity: str

    def newest(self) -> Checkpoint | None:
        """The one with the most rounds that is whole and of this training."""
        found = [checkpoint for path in self._paths() if (checkpoint := self._read(path))]
        return max(found, key=lambda checkpoint: checkpoint.rounds, default=None)

    def write(self, checkpoint: Checkpoint) -> None:
        """Durable when this returns. Whoever is killed before leaves a file that nobody reads."""
        if self.folder is None:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / f"checkpoint-{self.identity[:16]}-{checkpoint.rounds:06d}"
        begun = self.folder / f".{path.name}"
        head = {
            "identity": self.identity,
            "rounds": checkpoint.rounds,
            "stopping": checkpoint.stopping,
            "sha256": hashlib.sha256(checkpoint.model).hexdigest(),
        }
        with begun.open("wb") as file:
            file.write(json.dumps(head).encode() + b"\n")
            file.write(checkpoint.model)
            file.flush()
            os.fsync(file.fileno())
        begun.replace(path)
        for old in self._paths()[:-KEPT]:
            old.unlink()

    def _paths(self) -> list[Path]:
        pattern = f"checkpoint-{self.identity[:16]}-*"
        return sorted(self.folder.glob(pattern)) if self.folder and self.folder.is_dir() else []

    def _read(self, path: Path) -> Checkpoint | None:
        line, _, model = path.read_bytes().partition(b"\n")
        try:
            head = json.loads(line)
        except ValueError:
            return None
        if head["identity"] != self.identity or head["sha256"] != hashlib.sha256(model).hexdigest():
            return None
        return Checkpoint(head["rounds"], model, head["stopping"])


def identity(chosen: Any, *splits: Encoded) -> str:
    """64 hexadecimal characters for a training: the code beside this module, hyperparameters, data of all hosts.

    chosen  the dataclass of the hyperparameters; the number of threads does not count, as it does not change the model
    """
    code = {path.name: sha256(path.read_bytes()) for path in sorted(Path(__file__).parent.glob("*.py"))}
    data = of_each([[_digest(path) for path in split.files] for split in splits])
    document = asdict(chosen)
    document["booster"] = {name: value for name, value in document["booster"].items() if name != "nthread"}
    return sha256(dumps({"code": code, "data": data, "hyperparameters": document}).encode())


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
