"""SageMaker's types: their properties are the inputs of the operations that make them."""

from local_aws.cloudformation.resources.calls import call, policy, tag_map
from local_aws.cloudformation.resources.kind import Document, Made, ResourceType
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


def _update_model(aws: Aws, made: Made, before: Document, now: Document) -> Made:
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


TYPES = (
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
        _update_model,
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
