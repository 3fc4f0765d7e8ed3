"""Model: CreateModel, at once."""

from dataclasses import dataclass

from local_aws import models
from local_aws.operations import Aws
from local_aws.pipelines.steps.kind import Document, Outcome, Start, StepKind


@dataclass(frozen=True)
class ModelStep(StepKind):
    def start(self, start: Start) -> Outcome:
        name = self.job_name(start)
        arn = models.create(start.aws, start.arguments | {"ModelName": name})
        return Outcome("Succeeded", name, {"Model": {"Arn": arn}})

    def properties(self, aws: Aws, resource: str) -> Document:
        return models.describe(aws, resource)


MODEL = ModelStep(
    name="Model",
    operation="CreateModel",
    answer="DescribeModel",
    supplied=frozenset({"ModelName"}),
    members=frozenset({"RetryPolicies"}),
)
