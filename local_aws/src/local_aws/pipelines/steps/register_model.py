"""RegisterModel: CreateModelPackage, at once; the group is made when it is not there, as the service does."""

from dataclasses import dataclass

from local_aws.operations import Aws
from local_aws.pipelines.steps.kind import Document, Outcome, Start, StepKind
from local_aws.registry import groups, packages


@dataclass(frozen=True)
class RegisterModelStep(StepKind):
    def start(self, start: Start) -> Outcome:
        generated = {"GeneratedBy": start.execution["PipelineExecutionArn"]}
        request = dict(start.arguments)
        request["MetadataProperties"] = generated | request.get("MetadataProperties", {})
        if group := request.get("ModelPackageGroupName"):
            groups.ensure(start.aws, group)
        elif "ModelPackageName" not in request:
            request["ModelPackageName"] = start.name
        arn = packages.create(start.aws, request)
        return Outcome("Succeeded", arn, {"RegisterModel": {"Arn": arn}})

    def properties(self, aws: Aws, resource: str) -> Document:
        return packages.describe(aws, resource)


REGISTER_MODEL = RegisterModelStep(
    name="RegisterModel",
    operation="CreateModelPackage",
    answer="DescribeModelPackage",
    members=frozenset({"RetryPolicies"}),
)
