"""Which checks a mode takes in staging and in production, and their order."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from contract.documents import Document
from contract.package import Golden
from model_deploy.config import Stage
from model_deploy.modes import MODES, ModeName
from model_deploy.project import Project
from model_deploy.proof import bodies, live
from model_deploy.proof.account import Account
from model_deploy.proof.asynchronous import Asynchronous
from model_deploy.proof.batch import Batch
from model_deploy.proof.bodies import Malformed
from model_deploy.proof.checks import Check, carried_out
from model_deploy.proof.endpoint import Endpoint
from model_deploy.proof.golden import Answer, differences
from model_deploy.proof.load import load
from model_deploy.proof.storage import Storage


class Answers(Protocol):
    def answers(self, records: Sequence[Golden]) -> list[Answer]: ...


class Refuses(Protocol):
    def refusal(self, request: Malformed) -> tuple[int, str]: ...


@dataclass(frozen=True)
class Subject:
    """What is proved: a version in a stage.

    package  as DescribeModelPackage answers
    tooling  the S3 client of the account that holds the registry
    """

    project: Project
    stage: Stage
    package: Document
    records: Sequence[Golden]
    account: Account
    tooling: Any
    stack: Document = field(default_factory=dict)

    @property
    def version(self) -> int:
        return int(self.package["ModelPackageVersion"])

    def endpoint(self, mode: ModeName) -> Endpoint:
        return Endpoint(self.account, self._name(mode))

    def asynchronous(self) -> Asynchronous:
        return Asynchronous(self.account, self._name("asynchronous"), self._storage())

    def batch(self) -> Batch:
        return Batch(self.account, self.stack["Outputs"]["BatchPipelineName"], self.stage.batch, self._storage())

    def _name(self, mode: ModeName) -> str:
        return self.project.endpoint(self.stage.name, MODES[mode].endpoint or "")

    def _storage(self) -> Storage:
        return Storage.of(self.account, self.project, self.stage)


#: A check's name and what carries it out.
Step = tuple[str, Callable[[ModeName, Subject], Check]]


def prove(subject: Subject) -> Iterator[Check]:
    """All checks of all modes of the stage. One that fails does not keep the others from being carried out."""
    for mode in subject.stage.modes:
        for name, check in STEPS[subject.stage.name][mode]:
            yield carried_out(mode, name, lambda check=check, mode=mode: check(mode, subject))  # type: ignore[misc]


def _stack(mode: ModeName, subject: Subject) -> Check:
    return live.package(mode, subject.stack, subject.package["ModelPackageArn"])


def _live(mode: ModeName, subject: Subject) -> Check:
    return live.endpoint(mode, subject.account, subject.stack["Outputs"])


def _artefact(mode: ModeName, subject: Subject) -> Check:
    return live.artefact(mode, subject.tooling, subject.package)


def _golden_at_once(mode: ModeName, subject: Subject) -> Check:
    return _golden(mode, subject, subject.endpoint(mode))


def _golden_queued(mode: ModeName, subject: Subject) -> Check:
    return _golden(mode, subject, subject.asynchronous())


def _golden_batch(mode: ModeName, subject: Subject) -> Check:
    return _golden(mode, subject, subject.batch())


def _golden(mode: ModeName, subject: Subject, sender: Answers) -> Check:
    wrong = differences(subject.records, sender.answers(subject.records), subject.version)
    said = f"{len(subject.records)} golden records are answered as at training time"
    if wrong:
        said = f"{len(wrong)} of {len(subject.records)} golden records are answered otherwise: {'; '.join(wrong[:3])}"
    return Check(mode, "golden", not wrong, said, {"records": float(len(subject.records)), "wrong": float(len(wrong))})


def _malformed_at_once(mode: ModeName, subject: Subject) -> Check:
    return _malformed(mode, subject, subject.endpoint(mode))


def _malformed_queued(mode: ModeName, subject: Subject) -> Check:
    return _malformed(mode, subject, subject.asynchronous())


def _malformed(mode: ModeName, subject: Subject, sender: Refuses) -> Check:
    requests = bodies.malformed([one.record for one in subject.records])
    wrong = []
    for request in requests:
        status, reason = sender.refusal(request)
        if not 400 <= status < 500:
            wrong.append(f"{request.name} was answered with {status}, a 4xx is expected")
        elif not reason:
            wrong.append(f"{request.name} was refused without a reason")
    said = "; ".join(wrong) or f"{len(requests)} malformed requests are refused with a reason"
    return Check(mode, "malformed", not wrong, said, {"requests": float(len(requests))})


def _bad_record(mode: ModeName, subject: Subject) -> Check:
    """A bad record in the middle of a file costs one error row, never the file."""
    few = subject.records[:4]
    write = bodies.WRITERS[subject.stage.batch.content_type]
    first, *rest = (write([one.record]) for one in few)
    lines = b"".join([first, b"broken\n", *rest])
    found = subject.batch().lines(lines, len(few[0].record))
    errors = [place for place, answer in enumerate(found) if "error" in answer]
    others = [answer for place, answer in enumerate(found) if place != 1]
    wrong = differences(few, others, subject.version)
    if errors != [1] or wrong:
        said = f"error rows at {errors}, one at 1 is expected" + "".join(f"; {one}" for one in wrong[:3])
        return Check(mode, "bad record", passed=False, said=said)
    return Check(mode, "bad record", passed=True, said="a bad record costs one error row and nothing else")


def _load(mode: ModeName, subject: Subject) -> Check:
    limits = subject.stage.limits
    allowed = subject.stage.serverless.max_concurrency if mode == "serverless" else limits.concurrency
    concurrency = min(limits.concurrency, allowed)
    return load(mode, subject.endpoint(mode), subject.records, limits, concurrency, subject.version)


_DEPLOYED: tuple[Step, ...] = (("stack", _stack), ("live", _live), ("artefact", _artefact))
_AT_ONCE: tuple[Step, ...] = (
    *_DEPLOYED,
    ("golden", _golden_at_once),
    ("malformed", _malformed_at_once),
    ("load", _load),
)

#: Stage → mode → its checks. In production, what would reach consumers (results, topics, load) is left out.
STEPS: Mapping[str, Mapping[ModeName, tuple[Step, ...]]] = {
    "staging": {
        "real_time": _AT_ONCE,
        "serverless": _AT_ONCE,
        "asynchronous": (*_DEPLOYED, ("golden", _golden_queued), ("malformed", _malformed_queued)),
        "batch": (("stack", _stack), ("artefact", _artefact), ("golden", _golden_batch), ("bad record", _bad_record)),
    },
    "prod": {
        "real_time": (*_DEPLOYED, ("golden", _golden_at_once)),
        "serverless": (*_DEPLOYED, ("golden", _golden_at_once)),
        "asynchronous": _DEPLOYED,
        "batch": (("stack", _stack), ("artefact", _artefact)),
    },
}
