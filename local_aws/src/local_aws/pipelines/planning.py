"""What an execution does next: pure, out of the definition and the states of the steps so far."""

from typing import Any

from local_aws.pipelines.definition import TRIGGERS, Definition
from local_aws.pipelines.steps.kind import Step

Document = dict[str, Any]

#: States in which a step is under way.
ACTIVE = frozenset({"Starting", "Executing", "Stopping"})

#: The reason that AWS gives for every execution with a failed step; the step has its own.
STEP_FAILURE = "Step failure: One or multiple steps failed."


def next_step(definition: Definition, execution: Document, now: float) -> Step | None:
    """A step that can start, or None.

    Steps start when everything that they wait for has ended as they want it, in branches that were taken, as far as
    the execution's parallelism allows. A failed step keeps its dependents from starting and nobody else; a Fail step
    and a stop keep everybody.
    """
    steps = execution["Steps"]
    if execution["PipelineExecutionStatus"] != "Executing" or _ended_by_fail(execution):
        return None
    limit = execution.get("ParallelismConfiguration", {}).get("MaxParallelExecutionSteps")
    active = [entry for entry in steps.values() if entry["StepStatus"] in ACTIVE and not _waits(entry)]
    if limit is not None and len(active) >= limit:
        return None
    for step in definition.steps.values():
        entry = steps.get(step.name)
        if entry is not None:
            if entry["StepStatus"] == "Starting" and entry.get("RetryAt", now + 1) <= now:
                return step
        elif _selected(execution, step.name) and _may_start(step, steps):
            return step
    return None


def _waits(entry: Document) -> bool:
    """Whether the step waits for its next try."""
    return entry["StepStatus"] == "Starting" and "RetryAt" in entry


def _selected(execution: Document, name: str) -> bool:
    chosen = execution.get("SelectiveExecutionConfig")
    return chosen is None or any(item["StepName"] == name for item in chosen["SelectedSteps"])


def _may_start(step: Step, steps: Document) -> bool:
    taken = all(steps.get(branch.owner, {}).get("Resource") == branch.outcome for branch in step.branches)
    return taken and all(
        steps.get(other, {}).get("StepStatus") in TRIGGERS[trigger] for other, trigger in step.needs.items()
    )


def _ended_by_fail(execution: Document) -> bool:
    return any(entry["StepType"] == "Fail" and entry["StepStatus"] == "Failed" for entry in execution["Steps"].values())


def final_status(definition: Definition, execution: Document) -> str | None:
    """The status with which the execution ends now; None while something is under way, and when it has ended before.

    Ask when no step can start.
    """
    if execution["PipelineExecutionStatus"] not in ("Executing", "Stopping"):
        return None
    states = {name: entry["StepStatus"] for name, entry in execution["Steps"].items()}
    if ACTIVE & set(states.values()):
        return None
    if execution["PipelineExecutionStatus"] == "Stopping":
        return "Stopped"
    if "Failed" in states.values():
        handled = _handled(definition, states)
        return "CompletedWithFailures" if handled else "Failed"
    return "Stopped" if "Stopped" in states.values() else "Succeeded"


def _handled(definition: Definition, states: dict[str, str]) -> bool:
    """Whether every failed step had a step that ran because of it and that succeeded."""
    answered = {
        other
        for name, state in states.items()
        if state == "Succeeded"
        for other, trigger in definition.steps[name].needs.items()
        if trigger in ("Failed", "Any")
    }
    return all(name in answered for name, state in states.items() if state == "Failed")
