"""Which checks a mode takes in staging and in production, and their order."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from contract.documents import Document
from contract.errors import InputError
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
    batch = subject.batch()
    records = _lines_of(batch, subject)
    check = _held(mode, len(records), batch.differences(records, subject.version))
    left_out = len(subject.records) - len(records)
    return replace(check, said=f"{check.said}; {left_out} hold a line break, which CSV cannot") if left_out else check


def _lines_of(batch: Batch, subject: Subject) -> list[Golden]:
    """The golden records that a line can hold. Raises InputError when there is none."""
    if not (records := [one for one in subject.records if batch.holds(one)]):
        raise InputError("Every golden record holds a line break: [batch] needs content_type application/jsonlines.")
    return records


def _golden(mode: ModeName, subject: Subject, sender: Answers) -> Check:
    wrong = differences(subject.records, sender.answers(subject.records), subject.version)
    return _held(mode, len(subject.records), wrong)


def _held(mode: ModeName, records: int, wrong: list[str]) -> Check:
    said = f"{records} golden records are answered as at training time"
    if wrong:
        said = f"{len(wrong)} of {records} golden records are answered otherwise: {'; '.join(wrong[:3])}"
    return Check(mode, "golden", not wrong, said, {"records": float(records), "wrong": float(len(wrong))})


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
    """A bad record in the middle of a file costs one error row, never the file; with the built-in algorithm the run."""
    batch = subject.batch()
    first, *rest = _lines_of(batch, subject)[:4]
    if (bad := batch.kind.bad([one.record for one in subject.records])) is None:
        return Check(mode, "bad record", passed=True, said="whatever passes the input_filter is a record")
    records = [first, first, *rest]
    lines = [bad if place == 1 else batch.kind.line(one.record) for place, one in enumerate(records)]
    if len(subject.package["InferenceSpecification"]["Containers"]) > 1:
        return _bad_run(mode, batch, lines)
    found = batch.results(lines)
    if len(found) != len(lines):
        said = f"{len(lines)} lines, one of them malformed, have {len(found)} results"
        return Check(mode, "bad record", passed=False, said=said)
    told = [
        batch.kind.difference(*each, subject.version, refused=place == 1)
        for place, each in enumerate(zip(lines, records, found, strict=True))
    ]
    if kept := told.pop(1):
        return Check(mode, "bad record", passed=False, said=f"the malformed record: {kept}")
    if others := [one for one in told if one]:
        said = f"the malformed record is one error row, yet {len(others)} others are answered otherwise: {others[0]}"
        return Check(mode, "bad record", passed=False, said=said)
    return Check(mode, "bad record", passed=True, said="a bad record costs one error row and nothing else")


def _bad_run(mode: ModeName, batch: Batch, lines: Sequence[str]) -> Check:
    """Between two containers a record cannot be passed by: the run must fail and say why, and not give other scores."""
    try:
        found = batch.results(lines)
    except InputError as error:
        return Check(mode, "bad record", passed=True, said=f"a bad record fails the run of a chain: {error}")
    said = f"a bad record must fail the run of a chain, {len(found)} results came back"
    return Check(mode, "bad record", passed=False, said=said)


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
