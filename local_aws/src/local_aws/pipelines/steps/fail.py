"""Fail: ends the execution with a message; what runs beside it may finish."""

from dataclasses import dataclass

from local_aws.pipelines.expressions import as_text
from local_aws.pipelines.steps.kind import Outcome, Start, StepKind


@dataclass(frozen=True)
class FailStep(StepKind):
    def start(self, start: Start) -> Outcome:
        message = as_text(start.arguments.get("ErrorMessage", ""))
        return Outcome("Failed", metadata={"Fail": {"ErrorMessage": message}}, reason=message)


FAIL = FailStep(name="Fail")
