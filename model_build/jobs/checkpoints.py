"""Checkpoints of a training: what a Spot interruption must not lose, one file each, written by rename.

SageMaker copies the folder to S3 while the job runs and back before it starts again. A file holds a checksum, a
line of JSON, `{"rounds", "stopping"}`, and the model. The checksum is that of the training's identity and of all that
follows: what is torn, of another training, or no checkpoint at all, is passed over.
"""

import hashlib
import json
import os
import re
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
        found = [checkpoint for _, path in self._paths() if (checkpoint := self._read(path))]
        return max(found, key=lambda checkpoint: checkpoint.rounds, default=None)

    def write(self, checkpoint: Checkpoint) -> None:
        """Durable when this returns. Whoever is killed before leaves a file that nobody reads.

        Where a folder stands in the way there is no checkpoint after these rounds.
        """
        if self.folder is None:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / f"{self._prefix}{checkpoint.rounds:06d}"
        begun = self.folder / f".{path.name}"
        if path.is_dir() or begun.is_dir():
            return
        head = json.dumps({"rounds": checkpoint.rounds, "stopping": checkpoint.stopping}).encode() + b"\n"
        with begun.open("wb") as file:
            file.write(self._checksum(head, checkpoint.model) + b"\n" + head)
            file.write(checkpoint.model)
            file.flush()
            os.fsync(file.fileno())
        begun.replace(path)
        # Beyond these rounds there is nothing of this training: what stands there must not push out what is good.
        for old in [path for rounds, path in self._paths() if rounds <= checkpoint.rounds][:-KEPT]:
            old.unlink()

    @property
    def _prefix(self) -> str:
        return f"checkpoint-{self.identity[:16]}-"

    def _paths(self) -> list[tuple[int, Path]]:
        """Rounds and file, by rounds, of all that is named as a checkpoint of this training."""
        if self.folder is None or not self.folder.is_dir():
            return []
        named = re.compile(re.escape(self._prefix) + r"([0-9]{6,12})")
        matches = ((named.fullmatch(path.name), path) for path in self.folder.iterdir() if path.is_file())
        return sorted((int(match[1]), path) for match, path in matches if match)

    def _read(self, path: Path) -> Checkpoint | None:
        try:
            checksum, _, content = path.read_bytes().partition(b"\n")
        except OSError:
            return None
        if checksum != self._checksum(content):
            return None
        line, _, model = content.partition(b"\n")
        head = json.loads(line)
        return Checkpoint(head["rounds"], model, head["stopping"])

    def _checksum(self, *parts: bytes) -> bytes:
        return hashlib.sha256(b"".join([self.identity.encode(), *parts])).hexdigest().encode()


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
