"""Condition: all of the conditions hold, or not; the branch that was not taken never runs."""

from dataclasses import dataclass

from local_aws.operations import Aws
from local_aws.pipelines.conditions import holds
from local_aws.pipelines.steps.kind import Document, Outcome, Start, StepKind


@dataclass(frozen=True)
class ConditionStep(StepKind):
    def own_arguments(self, arguments: Document) -> Document:
        return {"Conditions": arguments.get("Conditions", [])}

    def start(self, start: Start) -> Outcome:
        outcome = all(holds(condition, lambda value: value) for condition in start.arguments["Conditions"])
        text = "True" if outcome else "False"
        return Outcome("Succeeded", text, {"Condition": {"Outcome": text}})

    def properties(self, _: Aws, resource: str) -> Document:
        return {"Outcome": resource}


CONDITION = ConditionStep(name="Condition")
