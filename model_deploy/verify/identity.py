"""What Ref and GetAtt yield before anything exists: texts of the right form, so that every check can go on with them.

Source: "Return values" of each type in the CloudFormation reference.
"""

from dataclasses import dataclass
from typing import Any, Literal

REGION, ACCOUNT, PARTITION = "us-east-1", "111122223333", "aws"


@dataclass(frozen=True)
class Kind:
    """`name`: the property that names the resource; `arn`: behind arn:PARTITION:; `ref`: what Ref yields."""

    name: str | None
    arn: str
    ref: Literal["name", "arn"] = "name"


AT = "{region}:{account}"

KINDS: dict[str, Kind] = {
    "AWS::SageMaker::Model": Kind("ModelName", f"sagemaker:{AT}:model/{{name}}", "arn"),
    "AWS::SageMaker::EndpointConfig": Kind("EndpointConfigName", f"sagemaker:{AT}:endpoint-config/{{name}}", "arn"),
    "AWS::SageMaker::Endpoint": Kind("EndpointName", f"sagemaker:{AT}:endpoint/{{name}}", "arn"),
    "AWS::SageMaker::Pipeline": Kind("PipelineName", f"sagemaker:{AT}:pipeline/{{name}}"),
    "AWS::SageMaker::ModelPackageGroup": Kind(
        "ModelPackageGroupName", f"sagemaker:{AT}:model-package-group/{{name}}", "arn"
    ),
    "AWS::CloudWatch::Alarm": Kind("AlarmName", f"cloudwatch:{AT}:alarm:{{name}}"),
    "AWS::ApplicationAutoScaling::ScalableTarget": Kind(None, f"application-autoscaling:{AT}:scalable-target/{{name}}"),
    "AWS::ApplicationAutoScaling::ScalingPolicy": Kind("PolicyName", f"autoscaling:{AT}:scalingPolicy:{{name}}", "arn"),
    "AWS::SNS::Topic": Kind("TopicName", f"sns:{AT}:{{name}}", "arn"),
    "AWS::SNS::Subscription": Kind(None, f"sns:{AT}:{{name}}", "arn"),
    "AWS::SQS::Queue": Kind("QueueName", f"sqs:{AT}:{{name}}"),
    "AWS::S3::Bucket": Kind("BucketName", "s3:::{name}"),
    "AWS::KMS::Key": Kind(None, f"kms:{AT}:key/{{name}}"),
    "AWS::IAM::Role": Kind("RoleName", "iam::{account}:role/{name}"),
    "AWS::Lambda::Function": Kind("FunctionName", f"lambda:{AT}:function:{{name}}"),
    "AWS::Logs::LogGroup": Kind("LogGroupName", f"logs:{AT}:log-group:{{name}}:*"),
    "AWS::Events::Rule": Kind("Name", f"events:{AT}:rule/{{name}}"),
    "AWS::Scheduler::Schedule": Kind("Name", f"scheduler:{AT}:schedule/default/{{name}}"),
    "AWS::CodeBuild::Project": Kind("Name", f"codebuild:{AT}:project/{{name}}"),
    "AWS::CodePipeline::Pipeline": Kind("Name", f"codepipeline:{AT}:{{name}}"),
}

UNKNOWN = Kind(None, f"cloudformation:{AT}:{{name}}")


def name(type_name: str, logical: str, properties: dict[str, Any]) -> str:
    """The name that the resource has, or one such as CloudFormation would make up."""
    given = properties.get(KINDS.get(type_name, UNKNOWN).name or "")
    return given if isinstance(given, str) else f"{logical}-0a1b2c3d4e5f"


def arn(type_name: str, logical: str, properties: dict[str, Any]) -> str:
    pattern = KINDS.get(type_name, UNKNOWN).arn
    called = name(type_name, logical, properties)
    return f"arn:{PARTITION}:" + pattern.format(region=REGION, account=ACCOUNT, name=called)


def ref(type_name: str, logical: str, properties: dict[str, Any]) -> str:
    of = arn if KINDS.get(type_name, UNKNOWN).ref == "arn" else name
    return of(type_name, logical, properties)


def attribute(type_name: str, logical: str, properties: dict[str, Any], wanted: str) -> str:
    of = arn if wanted.endswith("Arn") else name
    return of(type_name, logical, properties)
