"""The plan of an execution, over graphs that hypothesis makes up."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from pipelines_kit import definition

from local_aws.pipelines.definition import TRIGGERS, Definition, read
from local_aws.pipelines.planning import ACTIVE, final_status, next_step

ENDS = ("Succeeded", "Failed", "Stopped")


@st.composite
def graphs(draw: st.DrawFn) -> Definition:
    """Up to eight steps; each waits for some of those before it, mostly for their success."""
    steps: list[dict[str, Any]] = []
    for index in range(draw(st.integers(1, 8))):
        names = [step["Name"] for step in steps]
        others = draw(st.lists(st.sampled_from(names), unique=True, max_size=3)) if names else []
        triggers = [draw(st.sampled_from(["Completed", "Completed", "Completed", *TRIGGERS])) for _ in others]
        waits = [{"Step": other, "Trigger": trigger} for other, trigger in zip(others, triggers, strict=True)]
        steps.append({"Name": f"S{index}", "Type": "Processing", "Arguments": {}, "DependsOn": waits})
    order = draw(st.permutations(steps))
    return read(json.dumps(definition(order)))


def simulate(plan: Definition, ends: dict[str, str], limit: int | None) -> dict[str, Any]:
    """Start what can start, end what runs as `ends` says, until the execution is over."""
    execution: dict[str, Any] = {"PipelineExecutionStatus": "Executing", "Steps": {}}
    if limit:
        execution["ParallelismConfiguration"] = {"MaxParallelExecutionSteps": limit}
    steps = execution["Steps"]
    while True:
        while step := next_step(plan, execution, now=0):
            for other, trigger in step.needs.items():
                assert steps[other]["StepStatus"] in TRIGGERS[trigger]
            assert step.name not in steps
            steps[step.name] = {"StepType": "Processing", "StepStatus": "Executing"}
        running = [name for name, entry in steps.items() if entry["StepStatus"] in ACTIVE]
        assert limit is None or len(running) <= limit
        if status := final_status(plan, execution):
            assert not running
            execution["PipelineExecutionStatus"] = status
            return execution
        assert running, "an execution that is not over has something under way"
        steps[running[0]]["StepStatus"] = ends[running[0]]


@settings(max_examples=150, deadline=None)
@given(graphs(), st.data())
def test_every_execution_ends_and_every_step_that_may_run_has_run(plan: Definition, data: st.DataObject) -> None:
    ends = {name: data.draw(st.sampled_from(ENDS), label=name) for name in plan.steps}
    limit = data.draw(st.sampled_from([None, 1, 2]))
    execution = simulate(plan, ends, limit)
    states = {name: entry["StepStatus"] for name, entry in execution["Steps"].items()}
    for name, step in plan.steps.items():
        fits = all(states.get(other) in TRIGGERS[trigger] for other, trigger in step.needs.items())
        assert (name in states) == fits
    status = execution["PipelineExecutionStatus"]
    if "Failed" in states.values():
        assert status in ("Failed", "CompletedWithFailures")
    else:
        assert status == ("Stopped" if "Stopped" in states.values() else "Succeeded")
    assert final_status(plan, execution) is None, "an execution ends once"


@settings(max_examples=50, deadline=None)
@given(graphs())
def test_a_stop_starts_nothing_more(plan: Definition) -> None:
    execution: dict[str, Any] = {"PipelineExecutionStatus": "Stopping", "Steps": {}}
    assert next_step(plan, execution, now=0) is None
    assert final_status(plan, execution) == "Stopped"
