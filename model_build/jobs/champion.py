"""The champion on the candidate's test rows: the newest approved version answers with its own code, as its endpoint.

Environment of Evaluate: CHAMPION (folder with the champion's model.tar.gz, or without one when there is no champion),
CHAMPION_VERSION (its number, "none" without one).
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from analysis import metrics
from analysis.champion import SAME, Comparison, Rule, alone, compare, incomparable
from contract import documents, package
from contract.decision import Decision
from contract.documents import Document
from contract.errors import InputError
from contract.preprocessor import Preprocessor
from contract.words import plain, within
from inference.model import Model
from model_build.jobs import champion_endpoint
from model_build.jobs.artefact import unpack
from model_build.jobs.program import folder
from model_build.jobs.unseen import difference, unseen

#: The version when there is no champion.
NONE = "none"

#: Where the champion has seen some of the test rows: fewer than these, or than half of all, say nothing about both.
LEAST_ROWS = 50

#: The most of why the champion cannot answer, in characters: its own code may say anything, the verdict has a limit.
SAID = 300


class Reference(Protocol):
    """Something that says how the candidate stands beside the champion.

    labels, scores  of the test rows, the candidate's;  count  resamples of seed `seed`
    """

    def judge(
        self, candidate: Model, labels: NDArray[np.generic], scores: NDArray[np.floating], count: int, seed: int
    ) -> Comparison: ...


@dataclass(frozen=True)
class Known:
    """A comparison that needs no figures: there is no champion, or none that can be asked."""

    comparison: Comparison

    def judge(self, *_: object) -> Comparison:
        return self.comparison


@dataclass(frozen=True)
class Champion:
    """An artefact that answers for the raw test rows below `rows` in a process of its own, in the file `answers`."""

    version: str
    artefact: Path
    rows: Path
    answers: Path
    process: "subprocess.Popen[bytes]"
    rule: Rule

    def judge(
        self, candidate: Model, labels: NDArray[np.generic], scores: NDArray[np.floating], count: int, seed: int
    ) -> Comparison:
        """Both on the same rows, in the same order: those that the champion has not seen.

        What the champion cannot answer is said, and decides nothing.
        """
        try:
            sealed, decision = (
                Decision.from_document(documents.read(self.artefact / package.DECISION)),
                candidate.decision,
            )
            if (sealed.task, sealed.classes) != (decision.task, decision.classes):
                raise InputError(f"It decides about {_what(sealed)}, the candidate about {_what(decision)}")
            answers = self._scores()
            if len(answers) != len(labels):
                raise InputError(f"It answers {len(answers)} of {len(labels)} rows")
            kept, words = self._fair(candidate.preprocessor, len(labels))
            reference = metrics.sample(labels[kept], answers[kept], sealed)
        except InputError as error:
            return incomparable(self.version, within(plain(str(error)), SAID))
        rows = metrics.sample(labels[kept], scores[kept], decision)
        return compare(rows, reference, self.version, self.rule, int(kept.sum()), count, seed, words)

    def _fair(self, preprocessor: Preprocessor, rows: int) -> tuple[NDArray[np.bool_], str]:
        """The test rows that the champion has not seen, and their name. Raises InputError with too few of them."""
        sealed = Preprocessor.from_document(documents.read(self.artefact / package.PREPROCESSOR))
        kept = unseen(sealed, self.rows)
        if kept.all():
            return kept, SAME
        left, why = int(kept.sum()), difference(sealed, preprocessor)
        if left < min(LEAST_ROWS, rows / 2):
            raise InputError(f"{why[:1].upper()}{why[1:]}, so it has seen {rows - left:,} of the {rows:,} test rows")
        return kept, f"the {left:,} of {rows:,} test rows that it has not seen ({why})"

    def _scores(self) -> NDArray[np.float64]:
        """(rows,) or (rows, classes), as soon as they are there. Raises InputError with the reason without them."""
        if (code := self.process.wait()) or not self.answers.is_file():
            lines = _log(self.answers).read_text(encoding="utf-8", errors="replace").split("\n")
            said = next((line for line in map(plain, reversed(lines)) if line), f"it ended with exit code {code}")
            raise InputError(f"Its own code fails: {said}")
        answer: dict[str, Any] = json.loads(self.answers.read_text(encoding="utf-8"))
        if "reason" in answer:
            raise InputError(answer["reason"])
        return np.asarray(answer["scores"], dtype=np.float64)


@contextmanager
def asked(rule: Document) -> Iterator[Reference | None]:
    """The champion that the environment names, which begins to answer for the raw test rows in TEST_RAW.

    rule  of `analysis.champion`; without one nothing is compared. What was begun ends with the context.
    """
    if not rule:
        yield None
        return
    version = os.environ.get("CHAMPION_VERSION", NONE)
    if version == NONE:
        yield Known(alone())
        return
    with tempfile.TemporaryDirectory() as place:
        unpacked, answers = Path(place) / "model", Path(place) / "answers.json"
        try:
            if not (archive := folder("CHAMPION") / "model.tar.gz").is_file():
                raise InputError("Its artefact is gone, or is a chain of containers")
            unpack(archive, unpacked)
        except InputError as error:
            yield Known(incomparable(version, str(error)))
            return
        process = _start(unpacked, folder("TEST_RAW"), answers)
        try:
            yield Champion(version, unpacked, folder("TEST_RAW"), answers, process, Rule.from_document(rule))
        finally:
            process.kill()
            process.wait()


def _start(unpacked: Path, rows: Path, answers: Path) -> "subprocess.Popen[bytes]":
    # -P: no module beside the program stands before the champion's own.
    program = str(Path(champion_endpoint.__file__).resolve())
    command = [sys.executable, "-P", program, str(unpacked), str(rows.resolve()), str(answers)]
    environment = {**os.environ, "PYTHONPATH": str(unpacked / package.CODE)}
    with _log(answers).open("wb") as log:
        return subprocess.Popen(command, env=environment, cwd=unpacked, stdout=log, stderr=log)


def _log(answers: Path) -> Path:
    """What the champion's process prints."""
    return answers.with_suffix(".log")


def _what(decision: Decision) -> str:
    return " and ".join(decision.classes) or "a number"
