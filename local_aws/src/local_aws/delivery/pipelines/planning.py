"""What happens next in a pipeline: one move at a time, out of its executions' documents alone. Pure.

A stage has one execution at a time. Others wait for it in the order in which they came (QUEUED), or give way to the
newest that waits (SUPERSEDED).
https://docs.aws.amazon.com/codepipeline/latest/userguide/concepts-how-it-works.html
"""

from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Literal

from local_aws.delivery.pipelines.documents import stage_of

Document = dict[str, Any]

What = Literal["enter", "start", "end", "stop", "supersede"]


@dataclass(frozen=True)
class Move:
    """enter      the execution goes into the stage that it waits for
    start      `actions` of its stage begin
    end        its stage ends with `status`
    stop       it ends between two stages;   supersede   it gives way to a newer one
    """

    what: What
    execution: Document
    actions: tuple[str, ...] = ()
    status: str = ""


def next_move(
    executions: Sequence[Document], declared: Callable[[Document], Document], closed: Container[str]
) -> Move | None:
    """The next move of a pipeline, None when all wait.

    executions  those that have not ended, oldest first
    declared    the structure that an execution was started with
    closed      stages that none may enter now
    """
    for execution in executions:
        if execution["Inside"]:
            if move := _within(execution, stage_of(declared(execution), execution["Stage"])):
                return move
        elif execution["status"] == "Stopping":
            return Move("stop", execution)
    waiting = [one for one in executions if not one["Inside"]]
    for execution in waiting:
        if execution["executionMode"] == "SUPERSEDED" and _overtaken(execution, waiting):
            return Move("supersede", execution)
    taken = {one["Stage"] for one in executions if one["Inside"]}
    for execution in sorted(waiting, key=lambda one: one["Arrived"]):
        if execution["Stage"] not in taken and execution["Stage"] not in closed:
            return Move("enter", execution)
    return None


def _overtaken(execution: Document, waiting: Sequence[Document]) -> bool:
    return any(one["Stage"] == execution["Stage"] and one["Number"] > execution["Number"] for one in waiting)


def _within(execution: Document, stage: Document) -> Move | None:
    """Actions of one run order go together; those of the next begin when all before have succeeded."""
    actions, current = execution["Actions"], execution["Stages"][stage["name"]]["Current"]
    ordered = sorted(stage["actions"], key=order_of)
    for _, group in groupby(ordered, order_of):
        names = [action["name"] for action in group]
        statuses = {name: actions[current[name]]["status"] if name in current else "" for name in names}
        if "InProgress" in statuses.values():
            return None
        if any(status in ("Failed", "Abandoned") for status in statuses.values()):
            stopped = execution["status"] == "Stopping" and "Failed" not in statuses.values()
            return Move("end", execution, status="Stopped" if stopped else "Failed")
        if missing := tuple(name for name, status in statuses.items() if not status):
            if execution["status"] == "Stopping":
                return Move("end", execution, status="Stopped")
            return Move("start", execution, missing)
    return Move("end", execution, status="Succeeded")


def order_of(action: Document) -> int:
    return int(action.get("runOrder") or 1)
