"""SageMaker's traps in models, endpoint configurations and endpoints, on a resolved template."""

from collections.abc import Iterator
from typing import Any

from model_deploy.modes import MODES, NOT_ASYNCHRONOUS, NOT_SERVERLESS, ModeName
from model_deploy.verify.findings import Finding
from model_deploy.verify.resolve import Resource, Stack

MODEL, CONFIG, ENDPOINT = "AWS::SageMaker::Model", "AWS::SageMaker::EndpointConfig", "AWS::SageMaker::Endpoint"

#: What the endpoints take; anything else is captured as base64.
CONTENT_TYPES = {"CsvContentTypes": ["text/csv"], "JsonContentTypes": ["application/json", "application/jsonlines"]}

#: Seconds for a request of an asynchronous endpoint or a transform job; the server's own default is 60.
LONG = "3600"

#: Environment of a container that leads past the code in the artefact.
MISLEADING = ("SAGEMAKER_PROGRAM", "SAGEMAKER_SUBMIT_DIRECTORY", "SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT")


def check(stack: Stack) -> Iterator[Finding]:
    for model in stack.of(MODEL):
        yield from _model(model, stack)
    for config in stack.of(CONFIG):
        yield from _variants(config, stack)
        yield from _kind(config, stack)
        yield from _capture(config, stack)
        yield from _asynchronous(config, stack)
    for endpoint in stack.of(ENDPOINT):
        yield from _endpoint(endpoint, stack)


def variants(config: Resource) -> list[dict[str, Any]]:
    found = config.properties.get("ProductionVariants", [])
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def config_of(endpoint: Resource, stack: Stack) -> Resource | None:
    return stack.named(CONFIG, endpoint.properties.get("EndpointConfigName"))


def containers(model: Resource) -> list[dict[str, Any]]:
    primary = model.properties.get("PrimaryContainer")
    return [primary] if primary else [one for one in model.properties.get("Containers", []) if isinstance(one, dict)]


def is_serverless(config: Resource) -> bool:
    return any("ServerlessConfig" in variant for variant in variants(config))


def is_asynchronous(config: Resource) -> bool:
    return "AsyncInferenceConfig" in config.properties


def _model(model: Resource, stack: Stack) -> Iterator[Finding]:
    place, served = model.logical, containers(model)
    if not served:
        yield Finding(place, "model-container", "a model needs a container")
    for index, container in enumerate(served):
        where = f"{place}.Containers[{index}]"
        if container.get("ModelPackageName") != stack.parameters.get("ModelPackageName"):
            yield Finding(
                where, "model-package", "the container must come from the approved version, ModelPackageName, alone"
            )
        for member in ("Image", "ModelDataUrl", "ModelDataSource"):
            if member in container:
                yield Finding(where, "model-package", f"{member} would serve something else than the approved version")
        if _long(model, stack) and str(container.get("Environment", {}).get("SAGEMAKER_MODEL_SERVER_TIMEOUT")) != LONG:
            yield Finding(
                where, "model-environment", f"SAGEMAKER_MODEL_SERVER_TIMEOUT must be {LONG} for long requests"
            )
        if (largest := _largest(model, stack)) != container.get("Environment", {}).get("MAX_CONTENT_LENGTH"):
            said = f"MAX_CONTENT_LENGTH must be {largest or 'left out'}: the limit of the mode"
            yield Finding(where, "model-environment", said)
        for name in set(MISLEADING) & set(container.get("Environment", {})):
            yield Finding(where, "model-environment", f"{name} makes the image ignore the code in the artefact")
        if str(container.get("Environment", {}).get("MODEL_VERSION")) != str(stack.parameters.get("ModelVersion")):
            yield Finding(where, "model-environment", "MODEL_VERSION must be the version, for decisions to name it")
    if model.properties.get("ExecutionRoleArn") != stack.parameters.get("ModelExecutionRoleArn"):
        yield Finding(place, "model-role", "the containers' role is ModelExecutionRoleArn")


def _largest(model: Resource, stack: Stack) -> str | None:
    """The bytes of a request that the container is told; None where its own limit is the mode's."""
    for config in stack.of(CONFIG):
        if model.name in {one.get("ModelName") for one in variants(config)}:
            mode: ModeName | None = "serverless" if is_serverless(config) else None
            mode = "asynchronous" if is_asynchronous(config) else mode
            return str(MODES[mode].payload_bytes) if mode else None
    return None


def _long(model: Resource, stack: Stack) -> bool:
    """Whether the model answers a queue or a transform job."""
    configs = [
        config for config in stack.of(CONFIG) if model.name in {one.get("ModelName") for one in variants(config)}
    ]
    return not configs or any(is_asynchronous(config) for config in configs)


def _variants(config: Resource, stack: Stack) -> Iterator[Finding]:
    for variant in variants(config):
        if stack.named(MODEL, variant.get("ModelName")) is None:
            yield Finding(config.logical, "variant-model", "ModelName must be !GetAtt MODEL.ModelName of this template")
        if variant.get("InitialVariantWeight", 1) <= 0:
            yield Finding(config.logical, "variant-weight", "a variant without weight gets no traffic")
        real_time = "InstanceType" in variant and not is_asynchronous(config)
        if stack.parameters.get("StageName") == "prod" and real_time and variant.get("InitialInstanceCount", 0) < 2:
            yield Finding(config.logical, "SageMaker.4", "production needs more than one initial instance")
    names = [variant.get("VariantName") for variant in variants(config)]
    if len(set(names)) < len(names):
        yield Finding(config.logical, "variant-name", "variant names are unique within a configuration")


def _kind(config: Resource, stack: Stack) -> Iterator[Finding]:
    """What the kind of a variant excludes."""
    place = config.logical
    if not (serverless := is_serverless(config)) and not is_asynchronous(config):
        for variant in variants(config):
            if not {"InstanceType", "InitialInstanceCount"} <= set(variant):
                yield Finding(place, "variant-instances", "a variant needs InstanceType and InitialInstanceCount")
        return
    refused = NOT_SERVERLESS if serverless else NOT_ASYNCHRONOUS
    if serverless and is_asynchronous(config):
        yield Finding(place, "mode", "a serverless endpoint cannot be asynchronous")
    if len(variants(config)) > 1 or config.properties.get("ShadowProductionVariants"):
        yield Finding(place, "mode", refused.format("multiple production variants and shadow variants"))
    if config.properties.get("DataCaptureConfig"):
        yield Finding(place, "mode", refused.format("data capture"))
    for variant in variants(config):
        model = stack.named(MODEL, variant.get("ModelName"))
        if model and len(containers(model)) > 1:
            yield Finding(place, "mode", refused.format("inference pipelines"))
        if serverless:
            yield from _serverless(place, variant, model)
    if serverless and (config.properties.get("VpcConfig") or config.properties.get("EnableNetworkIsolation")):
        yield Finding(place, "mode", refused.format("VPC configuration and network isolation"))


def _serverless(place: str, variant: dict[str, Any], model: Resource | None) -> Iterator[Finding]:
    for member in ("InstanceType", "InitialInstanceCount", "ManagedInstanceScaling", "VolumeSizeInGB"):
        if member in variant:
            yield Finding(place, "mode", NOT_SERVERLESS.format(f"a choice of instances ({member})"))
    limits = variant["ServerlessConfig"]
    if limits.get("ProvisionedConcurrency", 0) > limits.get("MaxConcurrency", 0):
        yield Finding(place, "mode", "ProvisionedConcurrency is above MaxConcurrency")
    if model and ("VpcConfig" in model.properties or model.properties.get("EnableNetworkIsolation") in (True, "true")):
        yield Finding(model.logical, "mode", NOT_SERVERLESS.format("VPC configuration and network isolation"))


def _capture(config: Resource, stack: Stack) -> Iterator[Finding]:
    if not (capture := config.properties.get("DataCaptureConfig")):
        return
    if capture.get("EnableCapture") not in (True, "true"):
        yield Finding(config.logical, "capture", "DataCaptureConfig stands there and captures nothing")
    if {option.get("CaptureMode") for option in capture.get("CaptureOptions", [])} != {"Input", "Output"}:
        yield Finding(config.logical, "capture", "monitors need both Input and Output")
    if not _below(capture.get("DestinationS3Uri"), stack, "capture"):
        yield Finding(config.logical, "capture", "captures go to deployments/PROJECT/STAGE/capture of the data bucket")
    types = capture.get("CaptureContentTypeHeader", {})
    if types != CONTENT_TYPES:
        yield Finding(config.logical, "capture", "without its content type a capture is base64, which no monitor reads")


def _asynchronous(config: Resource, stack: Stack) -> Iterator[Finding]:
    if not is_asynchronous(config):
        return
    output = config.properties["AsyncInferenceConfig"].get("OutputConfig", {})
    results, failures = output.get("S3OutputPath"), output.get("S3FailurePath")
    for what, path in (("S3OutputPath", results), ("S3FailurePath", failures)):
        if not _below(path, stack, "async"):
            yield Finding(config.logical, "async-output", f"{what} goes below deployments/PROJECT/STAGE/async")
    if results == failures:
        yield Finding(config.logical, "async-output", "results and failures need places of their own")
    topics = output.get("NotificationConfig", {})
    for member, word in (("SuccessTopic", "success"), ("ErrorTopic", "error")):
        arn = topics.get(member)
        if arn not in {topic.arn for topic in stack.of("AWS::SNS::Topic")} or not str(arn).endswith(f"-{word}"):
            yield Finding(
                config.logical, "async-topics", f"{member} is the topic of this template that ends in -{word}"
            )


def _below(address: Any, stack: Stack, folder: str) -> bool:
    given = stack.parameters
    root = (
        f"s3://{given.get('DataBucketName')}/deployments/{given.get('SageMakerProjectName')}/{given.get('StageName')}"
    )
    return isinstance(address, str) and f"{address}/".startswith(f"{root}/{folder}/")


def _endpoint(endpoint: Resource, stack: Stack) -> Iterator[Finding]:
    config = config_of(endpoint, stack)
    if config is None:
        yield Finding(
            endpoint.logical, "endpoint-config", "EndpointConfigName must be !GetAtt CONFIG.EndpointConfigName of here"
        )
        return
    suffix = "-serverless" if is_serverless(config) else "-async" if is_asynchronous(config) else ""
    given = stack.parameters
    expected = f"{given.get('SageMakerProjectName')}-{given.get('StageName')}{suffix}"
    if endpoint.properties.get("EndpointName") != expected:
        yield Finding(endpoint.logical, "endpoint-name", f"by the project's conventions it is called {expected}")
    if config.name not in stack.outputs.values():
        yield Finding(
            endpoint.logical, "endpoint-output", "an output must name the configuration that is meant to be live"
        )
