"""The pipelines: order of the stages, artifacts that somebody makes, builds and files that are there."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from contract.documents import Document
from model_deploy.verify import buildspecs
from model_deploy.verify.findings import Finding
from model_deploy.verify.identity import REGION
from model_deploy.verify.resolve import Resource, Stack

PIPELINE, BUILD = "AWS::CodePipeline::Pipeline", "AWS::CodeBuild::Project"
ROOT = Path(__file__).parents[2]

#: The deployment's stages and the categories of their actions. Promotion admits a version to production before its
#: stack is touched; the watch is begun before the deployment, and its report read beside it.
STAGES: tuple[tuple[str, str], ...] = (
    ("Source", "Source"),
    ("Build", "Build"),
    ("DeployStaging", "Deploy"),
    ("TestStaging", "Test"),
    ("ApproveDeployment", "Approval"),
    ("DeployProd", "Invoke"),
    ("DeployProd", "Test"),
    ("DeployProd", "Deploy"),
    ("DeployProd", "Test"),
    ("TestProd", "Test"),
)

#: Stage of the pipeline → the stage that its test looks at.
TESTED: Mapping[str, str] = {"TestStaging": "staging", "DeployProd": "prod", "TestProd": "prod"}

BUILD_STAGES = ("Source", "Build")

#: Variables that the programs of a build read, by the end of its name; all read the first row.
ENVIRONMENT: Mapping[str, tuple[str, ...]] = {
    "": (
        "SAGEMAKER_PROJECT_NAME",
        "SAGEMAKER_PROJECT_ID",
        "ARTIFACT_BUCKET",
        "AWS_REGION",
        "SOURCE_MODEL_PACKAGE_GROUP_NAME",
    ),
    "modelbuild": ("PIPELINE_NAME", "SAGEMAKER_PIPELINE_ROLE_ARN"),
    "render": ("MODEL_EXECUTION_ROLE_ARN", "NOTIFICATION_TOPIC_ARN", "STAGING_ACCOUNT_ID", "PROD_ACCOUNT_ID"),
    "test": ("MODEL_EXECUTION_ROLE_ARN", "STAGING_ACCOUNT_ID", "PROD_ACCOUNT_ID"),
}

#: The promotion function reads these.
FUNCTION_ENVIRONMENT = (
    "SAGEMAKER_PROJECT_NAME",
    "SAGEMAKER_PROJECT_ID",
    "SOURCE_MODEL_PACKAGE_GROUP_NAME",
    "ARTIFACT_BUCKET",
    "LEDGER_PREFIX",
    "DEPLOY_PIPELINE_NAME",
    "NOTIFICATION_TOPIC_ARN",
)
SECRET = re.compile(r"SECRET|TOKEN|PASSWORD|PRIVATE_KEY|ACCESS_KEY", re.IGNORECASE)
_VARIABLE = re.compile(r"#\{variables\.([^}]+)\}")


def check(stack: Stack) -> Iterator[Finding]:
    for pipeline in stack.of(PIPELINE):
        yield from _pipeline(pipeline, stack)
        yield from _artifacts(pipeline)
        for stage, action in actions(pipeline):
            yield from _action(f"{pipeline.logical}.{stage}", stage, action, pipeline, stack)
    for build in stack.of(BUILD):
        yield from _build(build, stack)
    for function in stack.of("AWS::Lambda::Function"):
        yield from _function(function, stack)


def actions(pipeline: Resource) -> Iterator[tuple[str, Document]]:
    """(stage, action) in the order in which they run."""
    for stage in pipeline.properties.get("Stages", []):
        for action in sorted(stage.get("Actions", []), key=lambda one: one.get("RunOrder", 1)):
            yield str(stage.get("Name")), action


def provider(action: Document) -> str:
    return str(action.get("ActionTypeId", {}).get("Provider"))


def _pipeline(pipeline: Resource, stack: Stack) -> Iterator[Finding]:
    place, given = pipeline.logical, pipeline.properties
    if given.get("PipelineType") != "V2":
        yield Finding(place, "pipeline-type", "variables and QUEUED need PipelineType V2")
    if given.get("ExecutionMode") != "QUEUED":
        yield Finding(place, "pipeline-mode", "ExecutionMode must be QUEUED, or a version overtakes one half deployed")
    store = given.get("ArtifactStore", {})
    if store.get("EncryptionKey", {}).get("Id") not in {key.arn for key in stack.of("AWS::KMS::Key")}:
        yield Finding(place, "pipeline-store", "artifacts are encrypted with the project's key")
    if store.get("Location") not in {bucket.name for bucket in stack.of("AWS::S3::Bucket")}:
        yield Finding(place, "pipeline-store", "the artifacts' bucket is none of this template")
    deploys = any(provider(action) == "CloudFormation" for _, action in actions(pipeline))
    if not deploys and tuple(stage for stage, _ in actions(pipeline)) != BUILD_STAGES:
        yield Finding(place, "pipeline-stages", f"the stages are {' → '.join(BUILD_STAGES)}, one action each")
    if deploys:
        found = [(stage, str(action.get("ActionTypeId", {}).get("Category"))) for stage, action in actions(pipeline)]
        if found != list(STAGES):
            wanted = " → ".join(f"{stage} ({category})" for stage, category in STAGES)
            yield Finding(place, "pipeline-stages", f"the stages and their actions are {wanted}")
        yield from _watched(pipeline)
        if [one.get("Name") for one in given.get("Variables", [])] != ["ModelPackageArn"]:
            yield Finding(
                place, "pipeline-variables", "the promotion passes the version in the variable ModelPackageArn"
            )


def _watched(pipeline: Resource) -> Iterator[Finding]:
    """The watch sends before production's stack is touched, and its report is waited for."""
    orders = {}
    for stage, action in actions(pipeline):
        part = re.search(r"--watch (\w+)", str(action.get("Configuration", {}).get("EnvironmentVariables")))
        if stage == "DeployProd" and (part or provider(action) == "CloudFormation"):
            orders[part[1] if part else "deploy"] = action.get("RunOrder", 1)
    if set(orders) != {"begin", "deploy", "read"} or not orders["begin"] < orders["deploy"] <= orders["read"]:
        said = "in DeployProd the watch begins (--watch begin) before the deployment; --watch read is beside it"
        yield Finding(pipeline.logical, "pipeline-watch", said)


def _artifacts(pipeline: Resource) -> Iterator[Finding]:
    made: set[str] = set()
    for stage, action in actions(pipeline):
        place = f"{pipeline.logical}.{stage}"
        for name in (str(one.get("Name")) for one in action.get("InputArtifacts", [])):
            if name not in made:
                yield Finding(place, "pipeline-artifact", f"nobody before makes the artifact {name}")
        for name in (str(one.get("Name")) for one in action.get("OutputArtifacts", [])):
            if name in made:
                yield Finding(place, "pipeline-artifact", f"the artifact {name} is made twice")
            made.add(name)


def _action(place: str, stage: str, action: Document, pipeline: Resource, stack: Stack) -> Iterator[Finding]:
    settings, kind = action.get("Configuration", {}), action.get("ActionTypeId", {})
    if (kind.get("Owner"), kind.get("Version")) != ("AWS", "1"):
        yield Finding(place, "pipeline-provider", "the action is AWS's own, of version 1")
    declared = {one.get("Name") for one in pipeline.properties.get("Variables", [])}
    for name in _VARIABLE.findall(json.dumps(settings)):
        if name not in declared:
            yield Finding(place, "pipeline-variables", f"the variable {name} is not declared")
    if provider(action) == "CodeBuild":
        yield from _build_action(place, stage, settings, action, stack)
    elif provider(action) == "CloudFormation":
        yield from _deploy_action(place, stage, settings, action, stack)
    elif provider(action) == "Lambda":
        if stack.named("AWS::Lambda::Function", settings.get("FunctionName")) is None:
            yield Finding(place, "admission", "FunctionName is no function of this template")
        beside = [one for where, one in actions(pipeline) if where == stage and one != action]
        if any(one.get("RunOrder", 1) <= action.get("RunOrder", 1) for one in beside):
            yield Finding(place, "admission", "the version is admitted before the stage's other actions begin")
    elif provider(action) == "Manual":
        if "TimeoutInMinutes" not in action:
            yield Finding(place, "approval", "without TimeoutInMinutes a forgotten approval holds the queue for a week")
        if settings.get("NotificationArn") not in {topic.arn for topic in stack.of("AWS::SNS::Topic")}:
            yield Finding(place, "approval", "NotificationArn is no topic of this template: nobody would know")
    elif provider(action) in ("CodeStarSourceConnection", "CodeCommit"):
        repository = "BuildRepository" if pipeline.name.endswith("-modelbuild") else "DeployRepository"
        yield from _source_action(place, settings, action, stack, stack.parameters.get(repository))
    else:
        yield Finding(place, "pipeline-provider", f"{provider(action)} is no provider that these pipelines use")


def _source_action(
    place: str, settings: Document, action: Document, stack: Stack, repository: Any
) -> Iterator[Finding]:
    if repository not in (settings.get("FullRepositoryId"), settings.get("RepositoryName")):
        yield Finding(place, "source", f"the repository of this pipeline is {repository}")
    connected = provider(action) == "CodeStarSourceConnection"
    needed = {"ConnectionArn", "FullRepositoryId"} if connected else {"RepositoryName"}
    if missing := sorted((needed | {"BranchName"}) - set(settings)):
        yield Finding(place, "source", f"the source lacks {', '.join(missing)}")
    if settings.get("BranchName") != stack.parameters.get("BranchName"):
        yield Finding(place, "source", "the branch is the parameter BranchName")
    if connected and str(settings.get("DetectChanges", "true")).lower() != "true":
        yield Finding(place, "source", "without DetectChanges no commit starts the pipeline")
    if not connected and str(settings.get("PollForSourceChanges")).lower() != "false":
        yield Finding(place, "source", "the rule starts the pipeline; polling would start it twice")


def _build_action(place: str, stage: str, settings: Document, action: Document, stack: Stack) -> Iterator[Finding]:
    build = stack.named(BUILD, settings.get("ProjectName"))
    if build is None:
        yield Finding(place, "build-project", "ProjectName is no CodeBuild project of this template")
    elif not build.name.endswith({"Build": ("-render", "-modelbuild")}.get(stage, ("-test",))):
        yield Finding(place, "build-project", f"{build.logical} is not what the stage {stage} runs")
    inputs = [str(one.get("Name")) for one in action.get("InputArtifacts", [])]
    if len(inputs) > 1 and settings.get("PrimarySource") not in inputs:
        yield Finding(place, "build-project", "with several artifacts PrimarySource names the one with the code")
    try:
        variables = json.loads(settings.get("EnvironmentVariables", "[]"))
        given = {one["name"]: one["value"] for one in variables}
    except (json.JSONDecodeError, TypeError, KeyError):
        yield Finding(place, "build-environment", "EnvironmentVariables is no JSON list of names and values")
        return
    if stage in TESTED:
        if given.get("STAGE_NAME") != TESTED[stage]:
            yield Finding(place, "build-environment", f"STAGE_NAME must be {TESTED[stage]}")
        watches = "--watch" in str(given.get("PROOF_OPTIONS"))
        if watches != (stage == "DeployProd"):
            yield Finding(place, "build-environment", "--watch belongs beside the deployment, and nowhere else")
        if watches and given.get("PIPELINE_EXECUTION_ID") != "#{codepipeline.PipelineExecutionId}":
            yield Finding(
                place, "build-environment", "PIPELINE_EXECUTION_ID must be #{codepipeline.PipelineExecutionId}"
            )
        if "Build" not in inputs:
            yield Finding(place, "build-environment", "the test reads package.json of the artifact Build")
    renders = stage == "Build" and build is not None and build.name.endswith("-render")
    if renders and given.get("MODEL_PACKAGE_ARN") != "#{variables.ModelPackageArn}":
        yield Finding(place, "build-environment", "MODEL_PACKAGE_ARN must be #{variables.ModelPackageArn}")


def _deploy_action(place: str, stage: str, settings: Document, action: Document, stack: Stack) -> Iterator[Finding]:
    given, name = stack.parameters, stage.removeprefix("Deploy").lower()
    project = f"{given.get('SageMakerProjectName')}-{given.get('SageMakerProjectId')}"
    account = given.get(f"{name.capitalize()}AccountId")
    expected = {
        "ActionMode": "CREATE_UPDATE",
        "StackName": f"sagemaker-{project}-deploy-{name}",
        "TemplatePath": f"Build::{name}-template-export.yml",
        "TemplateConfiguration": f"Build::{name}-config-export.json",
        "RoleArn": f"arn:aws:iam::{account}:role/{project}-deploy",
    }
    for key, value in expected.items():
        if settings.get(key) != value:
            yield Finding(place, "deploy", f"{key} must be {value}")
    if len(str(settings.get("ParameterOverrides", ""))) > 1024:
        yield Finding(place, "deploy", "ParameterOverrides hold at most 1 kB; use the template configuration")
    if action.get("RoleArn") != f"arn:aws:iam::{account}:role/{project}-act":
        yield Finding(place, "deploy", f"the action's RoleArn must be the role {project}-act of account {account}")


def _build(build: Resource, stack: Stack) -> Iterator[Finding]:
    place, given = build.logical, build.properties
    variables = given.get("Environment", {}).get("EnvironmentVariables", [])
    names = [str(one.get("Name")) for one in variables]
    needed = {name for end, rows in ENVIRONMENT.items() if build.name.endswith(end) for name in rows}
    if missing := sorted(needed - set(names)):
        yield Finding(place, "build-environment", f"the build lacks {', '.join(missing)}")
    yield from _values(place, {str(one.get("Name")): one.get("Value") for one in variables}, stack)
    for name in names:
        if SECRET.search(name):
            yield Finding(place, "build-secret", f"{name} would stand in plain text; use Secrets Manager")
    if given.get("Environment", {}).get("PrivilegedMode") in (True, "true"):
        yield Finding(place, "build-privileged", "no build of the project needs Docker")
    if not re.fullmatch(r"aws/codebuild/[a-z0-9_-]+-standard:\d+\.\d+", str(given.get("Environment", {}).get("Image"))):
        yield Finding(place, "build-image", "the image is one of AWS's standard images")
    if given.get("EncryptionKey") not in {key.arn for key in stack.of("AWS::KMS::Key")}:
        yield Finding(place, "build-key", "artifacts are encrypted with the project's key")
    if (given.get("Artifacts", {}).get("Type"), given.get("Source", {}).get("Type")) != ("CODEPIPELINE",) * 2:
        yield Finding(place, "build-source", "source and artifacts come from CODEPIPELINE")
    for fault in buildspecs.faults(ROOT / str(given.get("Source", {}).get("BuildSpec"))):
        yield Finding(place, "buildspec", fault)


def _values(place: str, given: Mapping[str, Any], stack: Stack) -> Iterator[Finding]:
    """Variables that name something must name what this project has."""
    project = stack.parameters.get("SageMakerProjectName"), stack.parameters.get("SageMakerProjectId")
    bucket, staging = f"sagemaker-project-{project[1]}", stack.parameters.get("StagingAccountId")
    roles = [role.arn for role in stack.of("AWS::IAM::Role") if role.name.endswith("-pipeline")]
    group = stack.parameters.get("ModelPackageGroupName") or "-".join(map(str, project))
    expected = {
        "SAGEMAKER_PROJECT_NAME": project[0],
        "SAGEMAKER_PROJECT_ID": project[1],
        "PIPELINE_NAME": project[0],
        "AWS_REGION": REGION,
        "MODEL_EXECUTION_ROLE_ARN": f"arn:aws:iam::{staging}:role/{project[0]}-{project[1]}-model",
        "ARTIFACT_BUCKET": bucket,
        "SOURCE_MODEL_PACKAGE_GROUP_NAME": group,
        "SAGEMAKER_PIPELINE_ROLE_ARN": next(iter(roles), None),
        "STAGING_ACCOUNT_ID": staging,
        "PROD_ACCOUNT_ID": stack.parameters.get("ProdAccountId"),
        "NOTIFICATION_TOPIC_ARN": next((topic.arn for topic in stack.of("AWS::SNS::Topic")), None),
        "LEDGER_PREFIX": f"ledger/{project[0]}/",
        "DEPLOY_PIPELINE_NAME": "-".join([*map(str, project), "modeldeploy"]),
    }
    for name, value in expected.items():
        if name in given and given[name] != value:
            yield Finding(place, "environment", f"{name} must be {value}")


def _function(function: Resource, stack: Stack) -> Iterator[Finding]:
    place, given = function.logical, function.properties
    variables = given.get("Environment", {}).get("Variables", {})
    if missing := sorted(set(FUNCTION_ENVIRONMENT) - set(variables)):
        yield Finding(place, "function-environment", f"the function lacks {', '.join(missing)}")
    yield from _values(place, variables, stack)
    if given.get("Handler") != "model_deploy.promotion.handler.handle":
        yield Finding(place, "function-handler", "the handler is model_deploy.promotion.handler.handle")
    if not re.fullmatch(r"python3\.1[2-9]", str(given.get("Runtime"))):
        yield Finding(place, "function-runtime", "the runtime is Python 3.12 or later")
    if given.get("Code", {}).get("S3Key") != stack.parameters.get("PromotionCodeKey"):
        yield Finding(place, "function-code", "the code lies at PromotionCodeKey, so that new code is a new key")
    if not 10 <= given.get("Timeout", 3) <= 900:
        yield Finding(place, "function-timeout", "the function calls a dozen operations: at least 10 s")
    if given.get("DeadLetterConfig", {}).get("TargetArn") not in {queue.arn for queue in stack.of("AWS::SQS::Queue")}:
        yield Finding(place, "function-dead-letter", "an event that failed three times must end in a queue")
    if given.get("ReservedConcurrentExecutions") == 0:
        yield Finding(place, "function-concurrency", "with a concurrency of 0 the function never runs")
    names = {group.name for group in stack.of("AWS::Logs::LogGroup")}
    if f"/aws/lambda/{function.name}" not in names:
        yield Finding(place, "function-logs", "its log group is none of this template: it would grow for ever")
