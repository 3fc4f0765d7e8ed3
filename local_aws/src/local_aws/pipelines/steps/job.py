"""Steps that run a job."""

from dataclasses import dataclass

from local_aws.jobs.jobs import Jobs
from local_aws.operations import Aws
from local_aws.pipelines.steps.kind import Document, Outcome, Start, StepKind


@dataclass(frozen=True)
class JobStep(StepKind):
    """A step that ends when its job ends.

    name_member   the member of the request that names the job
    metadata_key  under which `Metadata` shows the job's ARN
    """

    name_member: str = ""
    metadata_key: str = ""

    def start(self, start: Start) -> Outcome:
        name = self.job_name(start)
        request = start.arguments | {self.name_member: name, "Tags": _tags(start)}
        arn = start.aws.part(Jobs).submit(self.job or "", request)
        return Outcome("Executing", name, {self.metadata_key: {"Arn": arn}})

    def properties(self, aws: Aws, resource: str) -> Document:
        return aws.part(Jobs).describe(self.job or "", resource)


def _tags(start: Start) -> list[dict[str, str]]:
    """The step's own tags and those by which AWS marks what a pipeline made."""
    return [
        *start.arguments.get("Tags", []),
        {"Key": "sagemaker:pipeline-execution-arn", "Value": start.execution["PipelineExecutionArn"]},
        {"Key": "sagemaker:pipeline-step-name", "Value": start.step.name},
        {"Key": "sagemaker:pipeline-arn", "Value": start.execution["PipelineArn"]},
    ]
