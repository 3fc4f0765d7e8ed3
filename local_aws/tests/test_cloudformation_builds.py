"""Build projects and functions in stacks: made, changed in place, replaced, removed."""

import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

import pytest

TEMPLATE = """
Parameters:
  Name: {Type: String}
  Bucket: {Type: String}
  Key: {Type: String}
  Minutes: {Type: Number, Default: 30}
  Rule: {Type: String, Default: one}
  Reserved: {Type: String, Default: "1"}
Conditions:
  HasReserved: !Not [!Equals [!Ref Reserved, ""]]
Resources:
  Project:
    Type: AWS::CodeBuild::Project
    Properties:
      Name: !Ref Name
      Description: !Sub "${Minutes} minutes"
      ServiceRole: !Sub "arn:aws:iam::${AWS::AccountId}:role/build"
      Artifacts: {Type: CODEPIPELINE}
      Source: {Type: CODEPIPELINE, BuildSpec: buildspecs/test.yml}
      TimeoutInMinutes: !Ref Minutes
      Environment:
        Type: LINUX_CONTAINER
        ComputeType: BUILD_GENERAL1_MEDIUM
        Image: aws/codebuild/amazonlinux-x86_64-standard:5.0
        EnvironmentVariables:
          - {Name: AWS_REGION, Value: !Ref AWS::Region}
  Function:
    Type: AWS::Lambda::Function
    Properties:
      FunctionName: !Ref Name
      Runtime: python3.13
      Handler: index.handle
      Code: {S3Bucket: !Ref Bucket, S3Key: !Ref Key}
      Role: !Sub "arn:aws:iam::${AWS::AccountId}:role/function"
      Timeout: 60
      ReservedConcurrentExecutions: !If [HasReserved, !Ref Reserved, !Ref AWS::NoValue]
      Environment: {Variables: {STAGE: prod}}
      Tags: [{Key: minutes, Value: !Ref Minutes}]
  Inline:
    Type: AWS::Lambda::Function
    Properties:
      Runtime: python3.13
      Handler: index.handle
      Code: {ZipFile: "def handle(event, context): return 'inline'"}
      Timeout: 60
      Role: !Sub "arn:aws:iam::${AWS::AccountId}:role/function"
  Permission:
    Type: AWS::Lambda::Permission
    Properties:
      FunctionName: !Ref Function
      Action: lambda:InvokeFunction
      Principal: events.amazonaws.com
      SourceArn: !Sub "arn:aws:events:${AWS::Region}:${AWS::AccountId}:rule/${Rule}"
  Taking:
    Type: AWS::Lambda::EventInvokeConfig
    Properties: {FunctionName: !Ref Function, Qualifier: $LATEST, MaximumRetryAttempts: 0}
Outputs:
  Project: {Value: !GetAtt Project.Arn}
  Function: {Value: !GetAtt Function.Arn}
  Inline: {Value: !Ref Inline}
"""


#: As long as waiters look by themselves, and more often.
OFTEN = {"Delay": 0.1, "MaxAttempts": 6000}


def zipped(source: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("index.py", source)
    return content.getvalue()


class Stack:
    """One stack of the template."""

    def __init__(self, client: Callable[..., Any], name: str, bucket: str) -> None:
        self.client, self.name = client, name
        self.fixed = {"Name": name, "Bucket": bucket}
        for key in ("one", "two"):
            client("s3").put_object(Bucket=bucket, Key=key, Body=zipped(f"def handle(event, context): return '{key}'"))

    def deploy(self, how: str = "update", **parameters: str) -> dict[str, str]:
        cloudformation = self.client("cloudformation")
        given = [{"ParameterKey": key, "ParameterValue": value} for key, value in (self.fixed | parameters).items()]
        getattr(cloudformation, f"{how}_stack")(StackName=self.name, TemplateBody=TEMPLATE, Parameters=given)
        cloudformation.get_waiter(f"stack_{how}_complete").wait(StackName=self.name, WaiterConfig=OFTEN)
        (found,) = cloudformation.describe_stacks(StackName=self.name)["Stacks"]
        return {output["OutputKey"]: output["OutputValue"] for output in found["Outputs"]}

    def invoke(self, name: str) -> Any:
        return json.load(self.client("lambda").invoke(FunctionName=name)["Payload"])

    def sources(self) -> list[str]:
        policy = json.loads(self.client("lambda").get_policy(FunctionName=self.name)["Policy"])
        return [one["Condition"]["ArnLike"]["AWS:SourceArn"].rpartition("/")[2] for one in policy["Statement"]]


@pytest.mark.timeout(300)
def test_from_the_first_to_the_last(client: Callable[..., Any], bucket: str, fresh: Callable[[str], str]) -> None:
    stack = Stack(client, fresh("stack"), bucket)
    functions = client("lambda")
    made = stack.deploy("create", Key="one")
    assert made["Project"].endswith(f":project/{stack.name}")
    assert made["Function"].endswith(f":function:{stack.name}")
    (project,) = client("codebuild").batch_get_projects(names=[stack.name])["projects"]
    assert (project["source"]["buildspec"], project["timeoutInMinutes"]) == ("buildspecs/test.yml", 30)
    assert project["environment"]["environmentVariables"][0]["value"] == "us-east-1"
    assert stack.invoke(stack.name) == "one"
    assert stack.invoke(made["Inline"]) == "inline"
    assert functions.get_function(FunctionName=stack.name)["Concurrency"] == {"ReservedConcurrentExecutions": 1}
    assert functions.get_function_event_invoke_config(FunctionName=stack.name)["MaximumRetryAttempts"] == 0
    assert stack.sources() == ["one"]

    changed = stack.deploy(Key="two", Minutes="45", Rule="two", Reserved="")
    assert changed == made, "all of it in place, or behind the same names"
    (project,) = client("codebuild").batch_get_projects(names=[stack.name])["projects"]
    assert (project["description"], project["timeoutInMinutes"]) == ("45 minutes", 45)
    assert stack.invoke(stack.name) == "two"
    assert stack.sources() == ["two"], "a permission is replaced"
    found = functions.get_function(FunctionName=stack.name)
    assert "Concurrency" not in found
    assert found["Tags"]["minutes"] == "45"

    cloudformation = client("cloudformation")
    cloudformation.delete_stack(StackName=stack.name)
    cloudformation.get_waiter("stack_delete_complete").wait(StackName=stack.name, WaiterConfig=OFTEN)
    assert stack.name not in client("codebuild").list_projects()["projects"]
    assert stack.name not in [one["FunctionName"] for one in functions.list_functions()["Functions"]]
