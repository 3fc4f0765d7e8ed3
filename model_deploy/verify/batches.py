"""Pipelines of one transform step and what starts them."""

import json
from collections.abc import Iterator
from typing import Any

from contract.documents import Document
from model_deploy.verify.api import compare
from model_deploy.verify.endpoints import MODEL
from model_deploy.verify.event_patterns import matches
from model_deploy.verify.findings import Finding
from model_deploy.verify.resolve import Resource, Stack

PIPELINE = "AWS::SageMaker::Pipeline"
PROJECT = ("SageMakerProjectName", "SageMakerProjectId", "StageName")


def check(stack: Stack) -> Iterator[Finding]:
    for pipeline in stack.of(PIPELINE):
        body = pipeline.properties.get("PipelineDefinition", {}).get("PipelineDefinitionBody", "")
        try:
            definition = json.loads(body)
        except (json.JSONDecodeError, TypeError) as error:
            yield Finding(pipeline.logical, "definition", f"the definition is no JSON: {error}")
            continue
        yield from _called(pipeline, stack)
        yield from _definition(pipeline, definition, stack)
        yield from _starters(pipeline, definition, stack)


def _called(pipeline: Resource, stack: Stack) -> Iterator[Finding]:
    """Commands and roles find the pipeline by its name, and its jobs run with the role for them."""
    name, number, stage = (stack.parameters.get(key) for key in PROJECT)
    if pipeline.name != f"{name}-{stage}-batch":
        yield Finding(pipeline.logical, "batch-name", f"by the project's conventions it is called {name}-{stage}-batch")
    if not str(pipeline.properties.get("RoleArn")).endswith(f":role/{name}-{number}-batch"):
        yield Finding(pipeline.logical, "batch-role", f"its jobs run with the role {name}-{number}-batch")


def _definition(pipeline: Resource, definition: Document, stack: Stack) -> Iterator[Finding]:
    steps = definition.get("Steps", [])
    if [step.get("Type") for step in steps] != ["Transform"] or definition.get("Version") != "2020-12-01":
        yield Finding(
            pipeline.logical, "definition", "one Transform step in a definition of version 2020-12-01 is needed"
        )
        return
    declared = {one.get("Name"): one.get("DefaultValue") for one in definition.get("Parameters", [])}
    arguments = steps[0].get("Arguments", {})
    place = f"{pipeline.logical}.Transform"
    request = {"TransformJobName": "given-by-the-service", **arguments}
    yield from compare(place, "sagemaker", "CreateTransformJob", request, lambda *found: _expression(declared, *found))
    if stack.named(MODEL, arguments.get("ModelName")) is None:
        yield Finding(place, "batch-model", "ModelName must be !GetAtt MODEL.ModelName of this template")
    yield from _numbers(place, arguments)
    yield from _places(place, arguments, declared, stack)


def _expression(declared: Document, place: str, value: Any, _: Any) -> Iterator[str] | None:
    """The violations of an expression of the definition language, None for a plain value."""
    if not isinstance(value, dict) or len(value) != 1 or next(iter(value)) not in ("Get", "Std:Join"):
        return None
    parts = value["Std:Join"].get("Values", []) if "Std:Join" in value else [value]
    gets = [part["Get"] for part in parts if isinstance(part, dict) and "Get" in part]
    known = {f"Parameters.{name}" for name in declared} | {"Execution.PipelineExecutionId", "Execution.StartDateTime"}
    return (f"{place}: {get} is not known to this definition" for get in gets if get not in known)


def _numbers(place: str, arguments: Document) -> Iterator[Finding]:
    for member in ("BatchStrategy", "MaxPayloadInMB", "MaxConcurrentTransforms"):
        if member not in arguments:
            yield Finding(place, "batch-limits", f"{member} must be set: the container has no /execution-parameters")
    if arguments.get("MaxPayloadInMB", 6) * arguments.get("MaxConcurrentTransforms", 1) > 100:
        yield Finding(place, "batch-limits", "concurrency × payload is above 100 MB")
    data, output = arguments.get("TransformInput", {}), arguments.get("TransformOutput", {})
    if data.get("SplitType") != "Line" or output.get("AssembleWith") != "Line":
        yield Finding(place, "batch-lines", "records are lines: SplitType and AssembleWith must be Line")
    if not data.get("ContentType") or data.get("ContentType") != output.get("Accept"):
        yield Finding(place, "batch-lines", "ContentType and Accept must be the same, or the join fails")


def _places(place: str, arguments: Document, declared: Document, stack: Stack) -> Iterator[Finding]:
    """Results below the input prefix would start the next job, and so on."""
    root = f"deployments/{stack.parameters.get('SageMakerProjectName')}/{stack.parameters.get('StageName')}/batch"
    bucket = f"s3://{stack.parameters.get('DataBucketName')}"
    if list(declared.values()) != [f"{root}/in/"]:
        yield Finding(place, "batch-places", f"the input prefix is {root}/in/")
    source = _joined(arguments.get("TransformInput", {}).get("DataSource", {}).get("S3DataSource", {}).get("S3Uri"))
    target = _joined(arguments.get("TransformOutput", {}).get("S3OutputPath"))
    if source[:1] != [bucket] or {"Get": "Parameters.InputKey"} not in source:
        yield Finding(place, "batch-places", "the input is the data bucket and the parameter InputKey")
    if target[:1] != [f"{bucket}/{root}/out"] or {"Get": "Execution.PipelineExecutionId"} not in target:
        yield Finding(place, "batch-places", f"results go to {root}/out, a folder for each execution")
    captures = f"{bucket}/{root.removesuffix('/batch')}/capture-batch"
    if arguments.get("DataCaptureConfig", {}).get("DestinationS3Uri", captures) != captures:
        yield Finding(place, "batch-places", f"captures go to {captures}")


def _joined(value: Any) -> list[Any]:
    return list(value["Std:Join"].get("Values", [])) if isinstance(value, dict) and "Std:Join" in value else []


def _starters(pipeline: Resource, definition: Document, stack: Stack) -> Iterator[Finding]:
    declared = {one.get("Name") for one in definition.get("Parameters", [])}
    arn = pipeline.arn
    starters = [
        (rule, target)
        for rule in stack.of("AWS::Events::Rule")
        for target in rule.properties.get("Targets", [])
        if "SageMakerPipelineParameters" in target or ":pipeline/" in str(target.get("Arn"))
    ]
    starters += [(one, one.properties.get("Target", {})) for one in stack.of("AWS::Scheduler::Schedule")]
    if not starters:
        yield Finding(pipeline.logical, "batch-start", "nothing starts this pipeline")
    for starter, target in starters:
        if target.get("Arn") != arn:
            yield Finding(starter.logical, "batch-start", f"the target must be {arn}")
        if not str(target.get("RoleArn")).endswith("-batch-start"):
            yield Finding(starter.logical, "batch-start", "the target needs the role PROJECT-ID-batch-start")
        given = target.get("SageMakerPipelineParameters", {}).get("PipelineParameterList", [])
        values = {one.get("Name"): one.get("Value") for one in given}
        if set(values) != declared:
            yield Finding(
                starter.logical, "batch-start", f"the parameters must be {', '.join(sorted(map(str, declared)))}"
            )
        prefix = next((one.get("DefaultValue") for one in definition.get("Parameters", [])), None)
        wanted = prefix if starter.type == "AWS::Scheduler::Schedule" else "$.detail.object.key"
        if set(values) == declared and list(values.values()) != [wanted]:
            yield Finding(starter.logical, "batch-start", f"InputKey must be {wanted}")
        if starter.properties.get("State", "ENABLED") != "ENABLED":
            yield Finding(starter.logical, "batch-start", "it is switched off")
        pattern = starter.properties.get("EventPattern")
        if pattern and (loops := [key for key in _written(stack) if matches(pattern, _arrival(key, stack))]):
            yield Finding(starter.logical, "batch-loop", f"{loops[0]}, which the stage writes, starts it again")


def _written(stack: Stack) -> tuple[str, ...]:
    """Keys of what a stage itself writes into the data bucket: results, files by hand, proofs, captures, queues."""
    root = f"deployments/{stack.parameters.get('SageMakerProjectName')}/{stack.parameters.get('StageName')}"
    folders = ("batch/out/1", "batch/by-hand/1", "proof/1", "capture/1", "capture-batch/1", "async/1", "watch/1")
    return tuple(f"{root}/{folder}/today.csv" for folder in folders)


def _arrival(key: str, stack: Stack) -> Document:
    detail = {"bucket": {"name": stack.parameters.get("DataBucketName")}, "object": {"key": key}, "reason": "PutObject"}
    return {"source": "aws.s3", "detail-type": "Object Created", "detail": detail, "resources": [], "account": "1"}
