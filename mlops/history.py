"""What the ledger of promotion says about one version: who approved it, what was proved, and why it is live or not."""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from contract.documents import Document
from mlops import promotions
from mlops.projects import Project
from model_deploy.promotion.state import APPROVED, State


def of(project: Project, version: int) -> tuple[State, list[Document]]:
    """The ledger's state, and its records about the version in order; nothing where the project was never deployed."""
    if "DeployPipelineName" not in promotions.outputs(project):
        return State(), []
    ledger = promotions.connect(project).ledger
    return ledger.read(), list(about(ledger.records(), version))


def about(records: Iterable[Document], version: int) -> Iterable[Document]:
    """The records that concern `version`, each with what it says in words.

    At (a time), Event (the record's kind), Said; By, Note, Execution, Outcome and Proof where there are any.
    """
    open_version = 0
    for record in records:
        if record["kind"] in ("opened", "resumed"):
            open_version = record["version"]
        if record["kind"] == "status":
            mine = str(version) in record["versions"]
        else:
            mine = record.get("version", open_version) == version and record["kind"] in EVENTS
        if mine:
            at = datetime.fromtimestamp(record["at"], UTC)
            yield {"At": at, "Event": record["kind"], **EVENTS[record["kind"]](record, version)}


def _status(record: Document, version: int) -> Document:
    one = record["versions"][str(version)]
    return _with({"Said": one["status"]}, By=one.get("by"), Note=one.get("note"))


def _opened(record: Document, _: int) -> Document:
    return {"Said": f"a deployment was opened: {_small(record['why'])}"}


def _started(record: Document, _: int) -> Document:
    return {"Said": "the deployment started", "Execution": record["execution"]}


def _resumed(_record: Document, _: int) -> Document:
    return {"Said": "a person retried the deployment"}


def _rollback(record: Document, _: int) -> Document:
    return _with(
        {"Said": f"a rollback of {record['stage']} to it was asked for"}, By=record["who"], Note=record["note"]
    )


def _ended(record: Document, _: int) -> Document:
    promoted = record.get("promoted") or {}
    said = {"Said": f"the deployment {record['outcome']}: {_small(record['why'])}", "Outcome": record["outcome"]}
    return _with(said, By=promoted.get("by"), Note=promoted.get("summary"), Proof=record.get("proof"))


EVENTS: Mapping[str, Callable[[Document, int], Document]] = {
    "status": _status,
    "opened": _opened,
    "started": _started,
    "resumed": _resumed,
    "rollback": _rollback,
    "ended": _ended,
}


def why(state: State, told: list[Document], version: int, status: str) -> str:
    """Why the version is live, or why it is not, in a sentence or two."""
    if state.live is None or state.live.version != version:
        if status != APPROVED:
            return f"Version {version} is not live: its approval status is {status}."
        return promotions.standing(state, version)
    approved = _last(told, lambda one: one["Event"] == "status" and one["Said"] == APPROVED)
    ended = _last(told, lambda one: one["Event"] == "ended" and one["Outcome"] != "superseded")
    parts = [f"Version {version} is live"]
    if approved:
        parts.append(f"approved {_when(approved)}{_who(approved)}")
    if ended:
        promoted = f"promoted{_who(ended)}, " if ended.get("By") or ended.get("Note") else ""
        parts.append(f"{promoted}{ended['Said']} {_when(ended)}")
    proved = "It was proved in production." if state.live.proved else "It was not proved in production."
    return f"{'; '.join(parts)}. {proved}"


def _last(told: list[Document], fits: Callable[[Document], bool]) -> Document | None:
    return next((one for one in reversed(told) if fits(one)), None)


def _who(one: Document) -> str:
    by = f" by {one['By']}" if one.get("By") else ""
    return by + (f" (“{one['Note']}”)" if one.get("Note") else "")


def _when(one: Document) -> str:
    return str(one["At"].astimezone().strftime("%Y-%m-%d %H:%M"))


def _small(text: str) -> str:
    return text[:1].lower() + text[1:]


def _with(document: Document, **more: Any) -> Document:
    return document | {name: value for name, value in more.items() if value}
