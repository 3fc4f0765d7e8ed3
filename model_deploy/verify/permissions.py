"""What each role must be able to do. A missing permission shows half an hour into a deployment, and only on AWS."""

from collections.abc import Iterable, Iterator, Mapping
from functools import cache

from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

from model_deploy import template
from model_deploy.modes import MODES
from model_deploy.verify.findings import Finding
from model_deploy.verify.identity import REGION
from model_deploy.verify.policies import Statement, of
from model_deploy.verify.resolve import Resource, Stack

#: What the registry's schemas name for uses that no template of a mode has.
UNUSED = {
    "cloudwatch:GetMetricData",  # predictive scaling
    "iam:GetRole",  # delivery logging of topics
    "lambda:DeleteProvisionedConcurrencyConfig",  # targets that are functions
    "lambda:GetProvisionedConcurrencyConfig",
    "lambda:PutProvisionedConcurrencyConfig",
    "s3:GetObject",  # pipeline definitions in S3
    "sns:PutDataProtectionPolicy",
    "sns:Subscribe",
    "sns:Unsubscribe",
}

LOGS = ("logs:CreateLogStream", "logs:PutLogEvents")
BUILD_LOGS = ("logs:CreateLogGroup", *LOGS)
ARTIFACTS = (
    "s3:GetObject",
    "s3:PutObject",
    "s3:GetBucketLocation",
    "s3:ListBucket",
    "kms:Decrypt",
    "kms:GenerateDataKey",
)

#: End of the role's name → actions without which it cannot do its work.
NEEDS: Mapping[str, tuple[str, ...]] = {
    "model": (
        *LOGS,
        "cloudwatch:PutMetricData",
        "ecr:BatchCheckLayerAvailability",
        "ecr:BatchGetImage",
        "ecr:GetAuthorizationToken",
        "ecr:GetDownloadUrlForLayer",
        "kms:CreateGrant",
        "kms:Decrypt",  # the one that is forgotten with a customer's key
        "kms:GenerateDataKey",
        "logs:CreateLogGroup",
        "s3:GetObject",
        "s3:ListBucket",
        "s3:PutObject",
        "sns:Publish",
        "ec2:CreateNetworkInterface",
        "ec2:CreateNetworkInterfacePermission",
        "ec2:DeleteNetworkInterface",
        "ec2:DeleteNetworkInterfacePermission",
        "ec2:DescribeDhcpOptions",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeSecurityGroups",
        "ec2:DescribeSubnets",
        "ec2:DescribeVpcs",
    ),
    "batch": (
        "sagemaker:AddTags",
        "sagemaker:CreateTransformJob",
        "sagemaker:DescribeTransformJob",
        "sagemaker:StopTransformJob",
    ),
    "batch-start": ("sagemaker:StartPipelineExecution",),
    "act": (
        "cloudformation:ContinueUpdateRollback",
        "cloudformation:CreateStack",
        "cloudformation:DeleteStack",
        "cloudformation:DescribeStackEvents",
        "cloudformation:DescribeStackResources",
        "cloudformation:DescribeStacks",
        "cloudformation:GetTemplate",
        "cloudformation:TagResource",
        "cloudformation:UpdateStack",
        "iam:PassRole",
        "kms:Decrypt",
        "s3:GetBucketLocation",
        "s3:GetBucketVersioning",
        "s3:GetObject",
        "s3:GetObjectVersion",
    ),
    "prove": (
        "cloudformation:DescribeStacks",
        "cloudwatch:PutMetricData",
        "kms:Decrypt",
        "s3:GetObject",
        "s3:PutObject",
        "kms:GenerateDataKey",
        "sagemaker:DescribeEndpoint",
        "sagemaker:DescribeEndpointConfig",
        "sagemaker:DescribePipelineExecution",
        "sagemaker:InvokeEndpoint",
        "sagemaker:InvokeEndpointAsync",
        "sagemaker:StartPipelineExecution",
    ),
    "modelbuild": (
        *BUILD_LOGS,
        *ARTIFACTS,
        "iam:PassRole",
        "sagemaker:AddTags",
        "sagemaker:CreatePipeline",
        "sagemaker:DescribeModelPackage",  # what is registered, and the champion
        "sagemaker:DescribeModelPackageGroup",
        "sagemaker:DescribePipelineExecution",
        "sagemaker:ListModelPackages",
        "sagemaker:StartPipelineExecution",
        "sagemaker:UpdatePipeline",
    ),
    "render": (*BUILD_LOGS, *ARTIFACTS, "sagemaker:DescribeModelPackage", "sagemaker:ListModelPackages"),
    "test": (
        *BUILD_LOGS,
        *ARTIFACTS,
        "codebuild:BatchGetBuilds",
        "codebuild:StartBuild",
        "codepipeline:ListActionExecutions",
        "sagemaker:DescribeModelPackage",
        "sts:AssumeRole",
    ),
    "codepipeline": (
        *ARTIFACTS,
        "codebuild:BatchGetBuilds",
        "codebuild:StartBuild",
        "codecommit:GetBranch",
        "codecommit:UploadArchive",
        "codestar-connections:UseConnection",
        "lambda:InvokeFunction",
        "sns:Publish",
        "sts:AssumeRole",
    ),
    "buildpipeline": (
        *ARTIFACTS,
        "codebuild:BatchGetBuilds",
        "codebuild:StartBuild",
        "codecommit:GetBranch",
        "codecommit:UploadArchive",
        "codestar-connections:UseConnection",
    ),
    "pipeline": (
        *BUILD_LOGS,
        "ecr:BatchGetImage",
        "ecr:GetAuthorizationToken",
        "iam:PassRole",
        "kms:CreateGrant",
        "kms:Decrypt",
        "kms:GenerateDataKey",
        "s3:GetObject",
        "s3:ListBucket",
        "s3:PutObject",
        "sagemaker:AddTags",
        "sagemaker:CreateModelPackage",
        "sagemaker:CreateProcessingJob",
        "sagemaker:CreateTrainingJob",
        "sagemaker:DescribeProcessingJob",
        "sagemaker:DescribeTrainingJob",
    ),
    "promotion": (
        *LOGS,
        "codepipeline:GetPipelineState",
        "codepipeline:PutApprovalResult",
        "codepipeline:PutJobSuccessResult",
        "codepipeline:StartPipelineExecution",
        "codepipeline:StopPipelineExecution",
        "kms:Decrypt",
        "kms:GenerateDataKey",
        "s3:GetObject",
        "s3:ListBucket",
        "s3:PutObject",
        "sagemaker:DescribeModelPackage",
        "sagemaker:ListModelPackages",
        "sagemaker:UpdateModelPackage",
        "sns:Publish",
        "sqs:SendMessage",
    ),
    "modelbuild-commit": ("codepipeline:StartPipelineExecution",),
    "modelbuild-anew": ("codepipeline:StartPipelineExecution",),
    "modeldeploy-commit": ("codepipeline:StartPipelineExecution",),
}

#: (parameter, end of the role's name) → actions that the role needs where the parameter is "true", and lacks elsewhere.
SWITCHED: Mapping[tuple[str, str], frozenset[str]] = {
    ("ClarifyChecks", "pipeline"): frozenset(
        {"sagemaker:InvokeEndpoint"}
        | {f"sagemaker:{verb}Endpoint{of}" for verb in ("Create", "Delete", "Describe") for of in ("", "Config")}
    ),
}

#: Roles that come together: of a stage's account, and of the registry's.
TOGETHER = (
    {"model", "batch", "batch-start", "deploy", "act", "prove"},
    {"pipeline", "modelbuild", "buildpipeline", "codepipeline", "render", "test", "promotion"},
)

#: End of the role's name → end of the name of the role in the registry's account that may take it on.
TAKEN_BY: Mapping[str, str] = {"act": "codepipeline", "prove": "test"}

#: Type → the property with the role that a service takes on for it, and that service.
ASSUMED: Mapping[str, tuple[str, str]] = {
    "AWS::CodeBuild::Project": ("ServiceRole", "codebuild.amazonaws.com"),
    "AWS::CodePipeline::Pipeline": ("RoleArn", "codepipeline.amazonaws.com"),
    "AWS::Lambda::Function": ("Role", "lambda.amazonaws.com"),
}

#: End of the role's name → services that take it on, for roles that other stacks name.
TRUSTED: Mapping[str, frozenset[str]] = {
    "model": frozenset({"sagemaker.amazonaws.com"}),
    "batch": frozenset({"sagemaker.amazonaws.com"}),
    "batch-start": frozenset({"events.amazonaws.com", "scheduler.amazonaws.com"}),
    "deploy": frozenset({"cloudformation.amazonaws.com"}),
    "pipeline": frozenset({"sagemaker.amazonaws.com"}),
    "modelbuild-commit": frozenset({"events.amazonaws.com"}),
    "modelbuild-anew": frozenset({"events.amazonaws.com"}),
    "modeldeploy-commit": frozenset({"events.amazonaws.com"}),
}


def check(stack: Stack) -> Iterator[Finding]:
    prefix = f"{stack.parameters.get('SageMakerProjectName')}-{stack.parameters.get('SageMakerProjectId')}-"
    roles = stack.of("AWS::IAM::Role")
    for role in roles:
        short = role.name.removeprefix(prefix)
        if short == role.name or (short not in NEEDS and short != "deploy"):
            yield Finding(role.logical, "iam-name", "RoleName is none of the project's; the stacks find roles by name")
            continue
        needed = deployment_actions() if short == "deploy" else NEEDS[short]
        if missing := sorted(set(needed) - _granted(role)):
            yield Finding(role.logical, "iam-missing", f"the role lacks {', '.join(missing)}")
        yield from _switched(role, short, stack)
        if short in TRUSTED and not TRUSTED[short] <= _services(role):
            yield Finding(role.logical, "iam-trust", f"{', '.join(sorted(TRUSTED[short]))} must be able to take it on")
        if short in TAKEN_BY:
            tooling = f"arn:aws:iam::{stack.parameters.get('ToolingAccountId')}:role/{prefix}{TAKEN_BY[short]}"
            pinned = [value for one in of(role) if one.use == "trust" for value in one.condition_of("aws:PrincipalArn")]
            if pinned != [tooling]:
                yield Finding(role.logical, "iam-trust", f"{tooling}, and nobody else, may take it on")
    there = {role.name.removeprefix(prefix) for role in roles}
    for together in TOGETHER:
        if there & together and together - there:
            yield Finding("Template", "iam-roles", f"the roles {', '.join(sorted(together - there))} are missing")
    yield from _assumed(stack, roles)


def _switched(role: Resource, short: str, stack: Stack) -> Iterator[Finding]:
    for (switch, end), actions in SWITCHED.items():
        if end == short:
            on, held = stack.parameters.get(switch) == "true", actions & _granted(role)
            if wrong := sorted(actions - held if on else held):
                said = f"{switch} is on: the role lacks" if on else f"{switch} is off: the role must not have"
                yield Finding(role.logical, "iam-switched", f"{said} {', '.join(wrong)}")


@cache
def deployment_actions() -> frozenset[str]:
    """What CloudFormation calls for the resources of all modes, by the registry's own schemas."""
    entries = [entry for mode in MODES.values() for entry in template.read(mode.template)["Resources"].values()]
    types = frozenset(entry["Type"] for entry in entries)
    called = {action for type_name in types for action in _handlers(type_name)}
    return frozenset(called - UNUSED | {"cloudwatch:DescribeAlarms"})


def _handlers(type_name: str) -> frozenset[str]:
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema(REGION, type_name).schema
    handlers = schema.get("handlers", {})
    # Listing is for drift and import, which a deployment never does.
    return frozenset(
        action
        for kind in ("create", "read", "update", "delete")
        for action in handlers.get(kind, {}).get("permissions", [])
    )


def _granted(role: Resource) -> set[str]:
    allowed = [one for one in of(role) if one.use == "identity" and one.effect == "Allow"]
    plain_denials = [one for one in of(role) if one.effect == "Deny" and not one.condition]
    return _actions(allowed) - _actions(plain_denials)


def _actions(statements: Iterable[Statement]) -> set[str]:
    return {action for statement in statements for action in statement.actions}


def _services(role: Resource) -> set[str]:
    trust = [
        one for one in of(role) if one.use == "trust" and one.effect == "Allow" and "sts:AssumeRole" in one.actions
    ]
    return {principal.removeprefix("Service:") for one in trust for principal in one.principals}


def _assumed(stack: Stack, roles: list[Resource]) -> Iterator[Finding]:
    by_arn = {role.arn: role for role in roles}
    for type_name, (member, service) in ASSUMED.items():
        for resource in stack.of(type_name):
            role = by_arn.get(str(resource.properties.get(member)))
            if role is None:
                yield Finding(resource.logical, "role-unknown", f"{member} is no role of this template")
            elif service not in _services(role):
                yield Finding(resource.logical, "iam-trust", f"{role.logical} does not let {service} take it on")
