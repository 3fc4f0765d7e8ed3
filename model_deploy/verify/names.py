"""Names by convention: roles, policies and programs find things by them, and two projects never meet."""

from collections.abc import Iterator

from model_deploy.verify.findings import Finding
from model_deploy.verify.identity import KINDS
from model_deploy.verify.resolve import Resource, Stack

#: Type → how its name begins. {project} is PROJECT-ID, {stage} PROJECT-STAGE.
BEGINS: dict[str, str] = {
    "AWS::SageMaker::Endpoint": "{stage}",
    "AWS::SageMaker::Pipeline": "{stage}-",
    "AWS::CloudWatch::Alarm": "{stage}-",
    "AWS::SNS::Topic": "{project}-",
    "AWS::SQS::Queue": "{project}-",
    "AWS::Events::Rule": "{project}-",
    "AWS::Scheduler::Schedule": "{project}-",
    "AWS::IAM::Role": "{project}-",
    "AWS::Lambda::Function": "{project}-",
    "AWS::CodeBuild::Project": "{project}-",
    "AWS::CodePipeline::Pipeline": "{project}-",
    "AWS::Logs::LogGroup": "/aws/lambda/{project}-",
    "AWS::S3::Bucket": "sagemaker-project-{number}",
    "AWS::SageMaker::ModelPackageGroup": "{project}",
}


def check(stack: Stack) -> Iterator[Finding]:
    seen: dict[tuple[str, str], str] = {}
    for resource in stack.resources.values():
        if resource.type not in BEGINS:
            continue
        yield from _name(resource, stack)
        if (other := seen.setdefault((resource.type, resource.name), resource.logical)) != resource.logical:
            yield Finding(resource.logical, "name", f"{other} is called {resource.name}, too")


def _name(resource: Resource, stack: Stack) -> Iterator[Finding]:
    given, member = stack.parameters, KINDS[resource.type].name or ""
    project = f"{given.get('SageMakerProjectName')}-{given.get('SageMakerProjectId')}"
    stage = f"{given['SageMakerProjectName']}-{given['StageName']}" if "StageName" in given else project
    begin = BEGINS[resource.type].format(project=project, stage=stage, number=given.get("SageMakerProjectId"))
    if member not in resource.properties:
        yield Finding(resource.logical, "name", f"{member} is missing; it begins with {begin}")
    elif not resource.name.startswith(begin):
        yield Finding(resource.logical, "name", f"{member} is {resource.name}; by convention it begins with {begin}")
    elif "StageName" in given and given["StageName"] not in resource.name.removeprefix(project):
        yield Finding(resource.logical, "name", f"{member} must name the stage, or staging and production collide")
