"""Each resource against the request that CloudFormation makes of it: names, types, enums, patterns and ranges.

cfn-lint's schemas let half of that pass. CloudFormation's names differ from the service's by the case of a letter, in
the rows of the table, and nowhere else.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import botocore.session

from contract.documents import Document
from contract.shapes import violations
from model_deploy.parameters import text
from model_deploy.verify.findings import Finding
from model_deploy.verify.resolve import Resource, Stack

RULE = "api-shape"
GIVEN = "given-by-cloudformation"


@dataclass(frozen=True)
class Api:
    """A resource type's requests.

    operations  together they take the properties
    inside      member of the request that holds the properties, when it is not the request itself
    filled      members that CloudFormation fills in when the template does not
    elsewhere   properties that go into other requests
    """

    service: str
    operations: tuple[str, ...]
    inside: str | None = None
    filled: Mapping[str, Any] = field(default_factory=dict)
    elsewhere: frozenset[str] = frozenset()


TARGET = {
    "ServiceNamespace": "sagemaker",
    "ResourceId": GIVEN,
    "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
}
APIS: Mapping[str, Api] = {
    "AWS::SageMaker::Model": Api("sagemaker", ("CreateModel",), filled={"ModelName": GIVEN}),
    "AWS::SageMaker::EndpointConfig": Api("sagemaker", ("CreateEndpointConfig",), filled={"EndpointConfigName": GIVEN}),
    "AWS::SageMaker::Endpoint": Api("sagemaker", ("CreateEndpoint", "UpdateEndpoint"), filled={"EndpointName": GIVEN}),
    "AWS::SageMaker::Pipeline": Api(
        "sagemaker", ("CreatePipeline",), filled={"ClientRequestToken": GIVEN + "-0123456789"}
    ),
    "AWS::SageMaker::ModelPackageGroup": Api(
        "sagemaker", ("CreateModelPackageGroup",), elsewhere=frozenset({"ModelPackageGroupPolicy"})
    ),
    "AWS::CloudWatch::Alarm": Api("cloudwatch", ("PutMetricAlarm",), filled={"AlarmName": GIVEN}),
    "AWS::ApplicationAutoScaling::ScalableTarget": Api(
        "application-autoscaling", ("RegisterScalableTarget",), elsewhere=frozenset({"ScheduledActions"})
    ),
    "AWS::ApplicationAutoScaling::ScalingPolicy": Api(
        "application-autoscaling", ("PutScalingPolicy",), filled=TARGET, elsewhere=frozenset({"ScalingTargetId"})
    ),
    "AWS::Events::Rule": Api("events", ("PutRule",), filled={"Name": GIVEN}, elsewhere=frozenset({"Targets"})),
    "AWS::Scheduler::Schedule": Api("scheduler", ("CreateSchedule",), filled={"Name": GIVEN}),
    "AWS::CodePipeline::Pipeline": Api(
        "codepipeline",
        ("CreatePipeline",),
        inside="pipeline",
        filled={"name": GIVEN},
        elsewhere=frozenset({"Tags", "RestartExecutionOnUpdate", "DisableInboundStageTransitions"}),
    ),
    "AWS::CodeBuild::Project": Api("codebuild", ("CreateProject",), filled={"name": GIVEN}),
    "AWS::Lambda::Function": Api(
        "lambda",
        ("CreateFunction",),
        filled={"FunctionName": GIVEN},
        elsewhere=frozenset({"ReservedConcurrentExecutions"}),
    ),
    "AWS::IAM::Role": Api(
        "iam", ("CreateRole",), filled={"RoleName": GIVEN}, elsewhere=frozenset({"Policies", "ManagedPolicyArns"})
    ),
    "AWS::Logs::LogGroup": Api(
        "logs", ("CreateLogGroup",), filled={"logGroupName": GIVEN}, elsewhere=frozenset({"RetentionInDays"})
    ),
}

#: Lists whose entries are requests, or members of requests, of their own.
PARTS: Mapping[tuple[str, str], tuple[str, str, Mapping[str, Any]]] = {
    ("AWS::ApplicationAutoScaling::ScalableTarget", "ScheduledActions"): (
        "application-autoscaling",
        "PutScheduledAction",
        TARGET,
    ),
}


def check(stack: Stack) -> Iterator[Finding]:
    for resource in stack.resources.values():
        if api := APIS.get(resource.type):
            yield from _resource(resource, api)
    for rule in stack.of("AWS::Events::Rule"):
        request = {"Rule": GIVEN, "Targets": rule.properties.get("Targets", [])}
        yield from compare(rule.logical, "events", "PutTargets", request)


def compare(place: str, service: str, operation: str, request: Document, deferred: Any = None) -> Iterator[Finding]:
    """One request against its shape: in CloudFormation's spelling; with a judge of `deferred` values as it stands."""
    shape = _model(service).operation_model(operation).input_shape
    # What stands within a document of its own is not CloudFormation's to spell.
    judged = request if deferred else converted(request, shape)
    found = violations(judged, shape, place, deferred) if deferred else violations(judged, shape, place)
    yield from (Finding(sentence.split(": ")[0], RULE, sentence.split(": ", 1)[1]) for sentence in found)


def converted(value: Any, shape: Any) -> Any:
    """CloudFormation's looser spelling in the service's own: the case of names, numbers and booleans as text, and
    documents that are objects in CloudFormation and text in the service.
    """
    if shape.type_name == "structure" and isinstance(value, dict):
        members = {name.casefold(): name for name in shape.members}
        called = {key: members.get(key.casefold(), key) for key in value}
        return {
            name: converted(value[key], shape.members[name]) if name in shape.members else value[key]
            for key, name in called.items()
        }
    if shape.type_name == "list" and isinstance(value, list):
        return [converted(inner, shape.member) for inner in value]
    if shape.type_name == "map" and isinstance(value, dict):
        return {key: converted(inner, shape.value) for key, inner in value.items()}
    if isinstance(value, dict) and shape.type_name == "string":
        return json.dumps(value, sort_keys=True)
    return _scalar(value, shape.type_name)


def _scalar(value: Any, wanted: str) -> Any:
    if wanted == "string":
        return text(value) if isinstance(value, bool | int | float) else value
    if not isinstance(value, str):
        return (
            int(value) if wanted in ("integer", "long") and isinstance(value, float) and value.is_integer() else value
        )
    if wanted == "boolean":
        return {"true": True, "false": False}.get(value, value)
    if wanted in ("integer", "long", "float", "double"):
        try:
            return int(value) if wanted in ("integer", "long") else float(value)
        except ValueError:
            return value
    return value


def _resource(resource: Resource, api: Api) -> Iterator[Finding]:
    own = {key: value for key, value in resource.properties.items() if key not in api.elsewhere}
    if isinstance(body := own.get("PipelineDefinition"), dict):
        own["PipelineDefinition"] = body.get("PipelineDefinitionBody", body)
    lower = {key.casefold() for key in own}
    request = {**{key: value for key, value in api.filled.items() if key.casefold() not in lower}, **own}
    shapes = [_model(api.service).operation_model(operation).input_shape for operation in api.operations]
    if api.inside:
        shapes = [shape.members[api.inside] for shape in shapes]
    main, *others = shapes
    more = {name for shape in others for name in shape.members} - set(main.members)
    for sentence in violations(
        converted({key: value for key, value in request.items() if key not in more}, main), main, resource.logical
    ):
        place, what = sentence.split(": ", 1)
        yield Finding(place, RULE, what)
    for (type_name, key), (service, operation, filled) in PARTS.items():
        if resource.type == type_name:
            for index, entry in enumerate(resource.properties.get(key, [])):
                yield from compare(f"{resource.logical}.{key}[{index}]", service, operation, {**filled, **entry})


@cache
def _model(service: str) -> Any:
    return botocore.session.Session().get_service_model(service)
