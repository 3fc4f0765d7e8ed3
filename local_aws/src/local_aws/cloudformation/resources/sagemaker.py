"""SageMaker's types: their properties are the inputs of the operations that make them."""

from local_aws.cloudformation.resources.calls import call, policy, tag_map
from local_aws.cloudformation.resources.kind import Document, Made, ResourceType
from local_aws.errors import AwsError
from local_aws.operations import Aws


def _retag(aws: Aws, arn: str, before: Document, now: Document) -> None:
    held, wanted = tag_map(before.get("Tags")), tag_map(now.get("Tags"))
    if gone := sorted(held.keys() - wanted.keys()):
        call(aws, "sagemaker", "DeleteTags", ResourceArn=arn, TagKeys=gone)
    if wanted and wanted != held:
        call(aws, "sagemaker", "AddTags", ResourceArn=arn, Tags=now["Tags"])


# models


def _create_model(aws: Aws, name: str, properties: Document) -> Made:
    arn = call(aws, "sagemaker", "CreateModel", **(properties | {"ModelName": name}))["ModelArn"]
    return Made(arn, {"ModelArn": arn, "ModelName": name})


def _retag_only(aws: Aws, made: Made, before: Document, now: Document) -> Made:
    _retag(aws, made.id, before, now)
    return made


def _delete_model(aws: Aws, made: Made, _: Document) -> None:
    call(aws, "sagemaker", "DeleteModel", ModelName=made.attributes["ModelName"])


# model package groups


def _create_group(aws: Aws, name: str, properties: Document) -> Made:
    given = {key: item for key, item in properties.items() if key != "ModelPackageGroupPolicy"}
    arn = call(aws, "sagemaker", "CreateModelPackageGroup", **given)["ModelPackageGroupArn"]
    made = Made(arn, {"ModelPackageGroupArn": arn, "ModelPackageGroupStatus": "Completed"})
    return _share(aws, made, {}, properties | {"ModelPackageGroupName": name})


def _share(aws: Aws, made: Made, before: Document, now: Document) -> Made:
    name, wanted = now["ModelPackageGroupName"], now.get("ModelPackageGroupPolicy")
    if wanted is not None:
        call(
            aws,
            "sagemaker",
            "PutModelPackageGroupPolicy",
            ModelPackageGroupName=name,
            ResourcePolicy=policy(wanted),
        )
    elif before.get("ModelPackageGroupPolicy") is not None:
        call(aws, "sagemaker", "DeleteModelPackageGroupPolicy", ModelPackageGroupName=name)
    return made


def _update_group(aws: Aws, made: Made, before: Document, now: Document) -> Made:
    _retag(aws, made.id, before, now)
    return _share(aws, made, before, now)


def _delete_group(aws: Aws, _: Made, properties: Document) -> None:
    name = properties["ModelPackageGroupName"]
    call(aws, "sagemaker", "DeleteModelPackageGroup", ModelPackageGroupName=name)


# pipelines


def _pipeline(properties: Document) -> Document:
    """The API's members: the definition's two forms have names of their own there."""
    given = {key: item for key, item in properties.items() if key not in ("PipelineDefinition", "Tags")}
    definition = properties["PipelineDefinition"]
    if "PipelineDefinitionBody" in definition:
        return given | {"PipelineDefinition": policy(definition["PipelineDefinitionBody"])}
    where = dict(definition["PipelineDefinitionS3Location"])
    return given | {
        "PipelineDefinitionS3Location": {
            "Bucket": where["Bucket"],
            "ObjectKey": where["Key"],
            **({"VersionId": where["Version"]} if "Version" in where else {}),
        }
    }


def _create_pipeline(aws: Aws, name: str, properties: Document) -> Made:
    token = f"{name}-{aws.store.next_seq():032d}"[-128:]
    call(
        aws,
        "sagemaker",
        "CreatePipeline",
        ClientRequestToken=token,
        Tags=properties.get("Tags"),
        **_pipeline(properties),
    )
    return Made(name, {"PipelineName": name})


def _update_pipeline(aws: Aws, made: Made, before: Document, now: Document) -> Made:
    call(aws, "sagemaker", "UpdatePipeline", **_pipeline(now))
    _retag(aws, aws.arn("sagemaker", f"pipeline/{made.id}"), before, now)
    return made


def _delete_pipeline(aws: Aws, made: Made, _: Document) -> None:
    token = f"{made.id}-{aws.store.next_seq():032d}"[-128:]
    call(aws, "sagemaker", "DeletePipeline", PipelineName=made.id, ClientRequestToken=token)


# endpoints


def _create_config(aws: Aws, name: str, properties: Document) -> Made:
    arn = call(aws, "sagemaker", "CreateEndpointConfig", **(properties | {"EndpointConfigName": name}))
    return Made(arn["EndpointConfigArn"], {"EndpointConfigArn": arn["EndpointConfigArn"], "EndpointConfigName": name})


def _delete_config(aws: Aws, made: Made, _: Document) -> None:
    call(aws, "sagemaker", "DeleteEndpointConfig", EndpointConfigName=made.attributes["EndpointConfigName"])


#: Properties of an endpoint that are members of UpdateEndpoint alone.
_UPDATES_ONLY = ("RetainAllVariantProperties", "ExcludeRetainedVariantProperties", "RetainDeploymentConfig")


def _create_endpoint(aws: Aws, name: str, properties: Document) -> Made:
    given = {key: item for key, item in properties.items() if key not in _UPDATES_ONLY}
    arn = call(aws, "sagemaker", "CreateEndpoint", **(given | {"EndpointName": name}))["EndpointArn"]
    return Made(arn, {"EndpointArn": arn, "EndpointName": name})


def _update_endpoint(aws: Aws, made: Made, before: Document, now: Document) -> Made:
    _retag(aws, made.id, before, now)
    if {**before, "Tags": None} != {**now, "Tags": None}:
        given = {key: item for key, item in now.items() if key != "Tags"}
        call(aws, "sagemaker", "UpdateEndpoint", **(given | {"EndpointName": made.attributes["EndpointName"]}))
    return made


def _delete_endpoint(aws: Aws, made: Made, _: Document) -> None:
    call(aws, "sagemaker", "DeleteEndpoint", EndpointName=made.attributes["EndpointName"])


def _endpoint_settled(aws: Aws, made: Made) -> bool:
    """InService is success, on whichever configuration: SageMaker's own rollback is silent here, as on AWS."""
    name = made.attributes["EndpointName"]
    described = call(aws, "sagemaker", "DescribeEndpoint", EndpointName=name)
    if described["EndpointStatus"] == "Failed":
        raise AwsError("ValidationException", f"The endpoint {name} failed: {described['FailureReason']}")
    return bool(described["EndpointStatus"] == "InService")


def _endpoint_leaving(aws: Aws, made: Made) -> bool:
    """Its processes are drained and ended first."""
    try:
        described = call(aws, "sagemaker", "DescribeEndpoint", EndpointName=made.attributes["EndpointName"])
    except AwsError:
        return False
    return bool(described["EndpointStatus"] == "Deleting")


TYPES = (
    ResourceType(
        "AWS::SageMaker::EndpointConfig",
        frozenset(
            {
                "AsyncInferenceConfig",
                "DataCaptureConfig",
                "EnableNetworkIsolation",
                "EndpointConfigName",
                "ExecutionRoleArn",
                "KmsKeyId",
                "ProductionVariants",
                "Tags",
                "VpcConfig",
            }
        ),
        _create_config,
        _delete_config,
        _retag_only,
        name="EndpointConfigName",
    ),
    ResourceType(
        "AWS::SageMaker::Endpoint",
        frozenset(
            {
                "DeploymentConfig",
                "EndpointConfigName",
                "EndpointName",
                "ExcludeRetainedVariantProperties",
                "RetainAllVariantProperties",
                "RetainDeploymentConfig",
                "Tags",
            }
        ),
        _create_endpoint,
        _delete_endpoint,
        _update_endpoint,
        name="EndpointName",
        settled=_endpoint_settled,
        leaving=_endpoint_leaving,
    ),
    ResourceType(
        "AWS::SageMaker::Model",
        frozenset(
            {
                "Containers",
                "EnableNetworkIsolation",
                "ExecutionRoleArn",
                "InferenceExecutionConfig",
                "ModelName",
                "PrimaryContainer",
                "Tags",
                "VpcConfig",
            }
        ),
        _create_model,
        _delete_model,
        _retag_only,
        name="ModelName",
    ),
    ResourceType(
        "AWS::SageMaker::ModelPackageGroup",
        frozenset({"ModelPackageGroupDescription", "ModelPackageGroupName", "ModelPackageGroupPolicy", "Tags"}),
        _create_group,
        _delete_group,
        _update_group,
        name="ModelPackageGroupName",
    ),
    ResourceType(
        "AWS::SageMaker::Pipeline",
        frozenset(
            {
                "ParallelismConfiguration",
                "PipelineDefinition",
                "PipelineDescription",
                "PipelineDisplayName",
                "PipelineName",
                "RoleArn",
                "Tags",
            }
        ),
        _create_pipeline,
        _delete_pipeline,
        _update_pipeline,
        name="PipelineName",
    ),
)
