"""A training in a process of its own that kills itself at a given moment; run with TASK among its globals."""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from model_build.jobs import boosting, checkpoints, train
from model_build.jobs.checkpoints import Checkpoint, Checkpoints

task: dict[str, Any] = globals()["TASK"]


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def after(rounds: int) -> None:
    """Die when so many rounds are done."""
    scores = boosting._scores

    def counted(line: str) -> dict[str, float]:
        if line.startswith(f"[{rounds - 1}]"):
            die()
        return scores(line)

    boosting._scores = counted


def within(rounds: int, call: str) -> None:
    """Die within the writing of the checkpoint after so many rounds."""
    write = Checkpoints.write

    def deadly(self: Checkpoints, checkpoint: Checkpoint) -> None:
        if checkpoint.rounds == rounds:
            CALLS[call]()
        write(self, checkpoint)

    Checkpoints.write = deadly  # type: ignore[method-assign]


class Half:
    """A file whose second write is cut off in the middle."""

    def __init__(self, file: Any) -> None:
        self.file, self.writes = file, 0

    def __enter__(self) -> "Half":
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()

    def write(self, content: bytes) -> None:
        self.writes += 1
        self.file.write(content if self.writes == 1 else content[: len(content) // 2])
        if self.writes == 2:
            self.file.flush()
            die()


def half() -> None:
    real = Path.open
    Path.open = lambda path, *rest, **more: Half(real(path, *rest, **more))  # type: ignore[assignment,method-assign]


def at(owner: Any, name: str, done: bool = False) -> Callable[[], None]:
    """Die in place of a call, or, with `done`, after it."""

    def patch() -> None:
        real = getattr(owner, name)

        def call(*arguments: Any) -> None:
            if done:
                real(*arguments)
            die()

        setattr(owner, name, call)

    return patch


CALLS: dict[str, Callable[[], None]] = {
    "half of it is written": half,
    "before it is durable": at(checkpoints.os, "fsync"),
    "before it has its name": at(Path, "replace"),
    "when it has its name": at(Path, "replace", done=True),
    "before the old one is gone": at(Path, "unlink"),
}


os.dup2(os.open(task["log"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 1)
os.environ.update(task["environment"])
sys.argv = ["train.py", *task["arguments"]]
if task["moment"]:
    number, name = task["moment"]
    within(number, name) if name else after(number)
train.main()
