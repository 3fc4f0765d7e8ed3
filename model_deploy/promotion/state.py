"""What the ledger's records add up to. Pure: a state and a record give the next state."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from contract.documents import Document

APPROVED = "Approved"
SUCCEEDED, SUPERSEDED, REJECTED, DECLINED, FAILED = "succeeded", "superseded", "rejected", "declined", "failed"

#: Why a deployment was opened. `return`: the live version was rejected; `staging`: a rollback of staging alone.
APPROVAL, COMMIT, RETURN, ROLLBACK, STAGING = "approval", "commit", "return", "rollback", "staging"

LIVE_REJECTED = (
    "Production returns to the newest approved version before it that was proved there. If there is none, it stays "
    "until another version is promoted."
)

LIVE_UNPROVED = "It is live all the same: reject it, or roll production back, unless it is mended and approved again."

LIVE_ALONE = "It is live all the same, and none before it was proved there: mend what failed and approve it again."

#: How many executions are remembered as known.
KNOWN = 200


@dataclass(frozen=True)
class Seen:
    """The approval status of a version as it was last recorded, the record's number, and when the registry had it
    changed last at that time, in seconds since 1970.
    """

    status: str
    sequence: int
    modified: float = 0.0


@dataclass(frozen=True)
class Deployment:
    """sequence  number of the record that opened it
    request   number of the rollback's record that it serves, or 0
    ending    the outcome that promotion is bringing about, recorded before it acts
    finished  when the execution ended, by CodePipeline's clock, in seconds since 1970
    """

    sequence: int
    opened: float
    version: int
    arn: str
    reason: str
    request: int = 0
    execution: str = ""
    ending: str = ""
    outcome: str = ""
    finished: float = 0.0

    @property
    def mandated(self) -> bool:
        """Production's approval is answered by promotion: a person asked for this, or rejected what is live."""
        return self.reason in (RETURN, ROLLBACK)

    @property
    def token(self) -> str:
        """The same for every attempt to start this one: CodePipeline answers with the same execution."""
        return f"ledger-{self.sequence}-{int(self.opened * 1000)}"


@dataclass(frozen=True)
class Rollback:
    sequence: int
    stage: str
    version: int
    who: str
    note: str


@dataclass(frozen=True)
class Live:
    """What production's stack was last brought to; proved when the execution succeeded through TestProd.

    turned_back  its watch failed: production returns to the version before
    """

    version: int
    proved: bool
    turned_back: bool = False


@dataclass(frozen=True)
class Message:
    sequence: int
    subject: str
    text: str


@dataclass(frozen=True)
class State:
    """attempts    version → its last deployment that ended and was not superseded
    proved      versions that were live and proved there
    rollback    asked for, and not yet tried
    commit      number of the record of a commit that no deployment has taken up yet, or 0
    hold        the version that a rollback holds, or 0
    executions  ids that need no second look
    marks       version → (stage, status) of its life cycle, for versions that promotion has touched
    untold      messages that nobody was sent
    """

    sequence: int = 0
    versions: Mapping[int, Seen] = field(default_factory=dict)
    attempts: Mapping[int, Deployment] = field(default_factory=dict)
    proved: frozenset[int] = frozenset()
    open: Deployment | None = None
    rollback: Rollback | None = None
    commit: int = 0
    hold: int = 0
    live: Live | None = None
    executions: tuple[str, ...] = ()
    marks: Mapping[int, tuple[str, str]] = field(default_factory=dict)
    untold: tuple[Message, ...] = ()

    def before(self, version: int) -> list[int]:
        """The versions before it that were proved in production and are approved: those that it may go back to."""
        approved = {number for number, seen in self.versions.items() if seen.status == APPROVED}
        return sorted(one for one in self.proved & approved if one < version)


def fold(state: State, record: Document) -> State:
    """The state after `record`, whose members are those of the row of its kind. Raises KeyError for an unknown kind."""
    return replace(KINDS[record["kind"]](state, record), sequence=record["sequence"])


def _status(state: State, record: Document) -> State:
    """versions: {version: {arn, status, by, note, modified}}. An approval ends a hold."""
    sequence = record["sequence"]
    changed = {
        int(version): Seen(one["status"], sequence, one.get("modified", 0.0))
        for version, one in record["versions"].items()
    }
    state = replace(state, versions={**state.versions, **changed})
    live = state.live
    if live and (seen := changed.get(live.version)):
        back = "Live" if live.proved else "Failed"
        state = _marked(state, live.version, "Production", back if seen.status == APPROVED else seen.status)
        if seen.status == "Rejected":
            message = Message(sequence, f"Version {live.version}, which is live, was rejected", LIVE_REJECTED)
            state = replace(state, untold=(*state.untold, message))
    if any(one.status == APPROVED for one in changed.values()):
        asked = state.rollback
        state = replace(state, hold=0, rollback=None if asked and asked.stage == "staging" else asked)
    return state


def _rollback(state: State, record: Document) -> State:
    """stage, version, who, note."""
    asked = Rollback(record["sequence"], record["stage"], record["version"], record["who"], record["note"])
    return replace(state, rollback=asked, hold=asked.version)


def _noticed(state: State, record: Document) -> State:
    """executions that promotion did not start; commit: one of them named no version, so that a commit, or a person in
    the console, asks for what should be live.
    """
    for execution in record["executions"]:
        state = _known(state, execution)
    return replace(state, commit=record["sequence"]) if record["commit"] else state


def _opened(state: State, record: Document) -> State:
    """version, arn, reason, request, why. It will deploy the newest commit as well."""
    members = {key: record[key] for key in ("version", "arn", "reason", "request")}
    opened = Deployment(sequence=record["sequence"], opened=record["at"], **members)
    return _marked(replace(state, open=opened, commit=0), opened.version, "Staging", "InProgress")


def _started(state: State, record: Document) -> State:
    """execution."""
    return _known(replace(state, open=replace(_open(state), execution=record["execution"])), record["execution"])


def _ending(state: State, record: Document) -> State:
    """outcome, why."""
    return replace(state, open=replace(_open(state), ending=record["outcome"]))


def _resumed(state: State, record: Document) -> State:
    """version: a person retried a stage of the execution of its last attempt."""
    before = state.attempts[record["version"]]
    again = replace(before, outcome="", ending="", finished=0.0)
    attempts = {version: one for version, one in state.attempts.items() if version != before.version}
    return _marked(replace(state, open=again, attempts=attempts), before.version, "Staging", "InProgress")


def _ended(state: State, record: Document) -> State:
    """outcome, deployed (production's stack was brought to the version), turned_back (by its watch), finished, why,
    promoted, proof.
    """
    before, outcome = _open(state), record["outcome"]
    ended = replace(before, outcome=outcome, finished=record["finished"])
    version = ended.version
    tried = outcome != SUPERSEDED
    if tried:
        state = replace(state, attempts={**state.attempts, version: ended})
    if tried and state.rollback and state.rollback.sequence == ended.request:
        state = replace(state, rollback=None)
    if record["deployed"]:
        held = state.hold if ended.mandated else 0  # a person's promotion ends a hold
        if state.live and state.live.version != version:
            state = _marked(state, state.live.version, "Production", "Retired")
        turned_back = record.get("turned_back", False) and not ended.mandated  # one step back, and no further
        live = Live(version, outcome == SUCCEEDED, turned_back)
        state = replace(state, live=live, hold=held)
    if outcome == SUCCEEDED:
        state = replace(state, proved=state.proved | {version})
    stays = record["deployed"] and outcome == FAILED and not record.get("turned_back")
    advice = LIVE_UNPROVED if state.before(version) else LIVE_ALONE
    text = f"{record['why']}. {advice}" if stays else record["why"]
    message = Message(record["sequence"], f"Version {version}: deployment {outcome}", text)
    return _where(replace(state, open=None, untold=(*state.untold, message)), version, outcome)


def _told(state: State, record: Document) -> State:
    """message: the number of the record that it is about."""
    return replace(state, untold=tuple(one for one in state.untold if one.sequence != record["message"]))


KINDS: Mapping[str, Callable[[State, Document], State]] = {
    "status": _status,
    "rollback": _rollback,
    "noticed": _noticed,
    "opened": _opened,
    "started": _started,
    "ending": _ending,
    "resumed": _resumed,
    "ended": _ended,
    "told": _told,
}


def _open(state: State) -> Deployment:
    if state.open is None:
        raise ValueError("the ledger has a record of a deployment that was not opened")
    return state.open


def _known(state: State, execution: str) -> State:
    others = tuple(one for one in state.executions if one != execution)
    return replace(state, executions=(*others, execution)[-KNOWN:])


def _marked(state: State, version: int, stage: str, status: str) -> State:
    """The life cycle follows; the few versions touched last are kept in step."""
    others = {key: value for key, value in state.marks.items() if key != version}
    return replace(state, marks=dict([*others.items(), (version, (stage, status))][-4:]))


def _where(state: State, version: int, outcome: str) -> State:
    if state.live and version == state.live.version:
        return _marked(state, version, "Production", "Live" if outcome == SUCCEEDED else outcome.capitalize())
    return _marked(state, version, "Staging", outcome.capitalize())


def dump(state: State) -> bytes:
    """The state as a JSON document."""
    return json.dumps({**vars(state), "proved": sorted(state.proved)}, default=vars).encode()


def load(content: bytes) -> State:
    """What `dump` wrote."""
    document = json.loads(content)

    def one(kind: Callable[..., Any], name: str) -> Any:
        return kind(**document[name]) if document[name] else None

    def by_version(kind: Callable[[Any], Any], name: str) -> dict[int, Any]:
        return {int(version): kind(value) for version, value in document[name].items()}

    return State(
        sequence=document["sequence"],
        versions=by_version(lambda value: Seen(**value), "versions"),
        attempts=by_version(lambda value: Deployment(**value), "attempts"),
        proved=frozenset(document["proved"]),
        open=one(Deployment, "open"),
        rollback=one(Rollback, "rollback"),
        commit=document["commit"],
        hold=document["hold"],
        live=one(Live, "live"),
        executions=tuple(document["executions"]),
        marks=by_version(tuple, "marks"),
        untold=tuple(Message(**value) for value in document["untold"]),
    )
