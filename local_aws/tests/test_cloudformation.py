"""Stacks through boto3; what moto does right as well runs against both."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from pipelines_kit import ROLE, definition, processing

from conftest import Target

Client = Callable[..., Any]

TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "sagemaker.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}

PLAIN = """
AWSTemplateFormatVersion: "2010-09-09"
Parameters:
  Name: {Type: String, AllowedPattern: "^[a-z0-9-]+$"}
  Versioned: {Type: String, AllowedValues: ["true", "false"], Default: "true"}
Mappings:
  Owners: {us-east-1: {Owner: us}}
Conditions:
  IsVersioned: !Equals [!Ref Versioned, "true"]
Resources:
  Policy:
    Type: AWS::S3::BucketPolicy
    Properties:
      Bucket: !Ref Bucket
      PolicyDocument:
        Version: "2012-10-17"
        Statement: [{Effect: Deny, Principal: "*", Action: "s3:*", Resource: !Sub "${Bucket.Arn}/*"}]
  Bucket:
    Type: AWS::S3::Bucket
    Properties:
      BucketName: !Ref Name
      VersioningConfiguration: {Status: !If [IsVersioned, Enabled, Suspended]}
      Tags: [{Key: owner, Value: !FindInMap [Owners, !Ref "AWS::Region", Owner]}]
  Role:
    Type: AWS::IAM::Role
    Properties:
      RoleName: !Join ["-", [!Ref Name, role]]
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement: [{Effect: Allow, Principal: {Service: sagemaker.amazonaws.com}, Action: "sts:AssumeRole"}]
      Policies:
        - PolicyName: read
          PolicyDocument:
            Version: "2012-10-17"
            Statement: [{Effect: Allow, Action: "s3:GetObject", Resource: !GetAtt Bucket.Arn}]
Outputs:
  Bucket: {Value: !Ref Bucket}
  Role: {Value: !GetAtt Role.Arn, Export: {Name: !Sub "${Name}-role"}}
"""


def until(cloud: Any, name: str, *ends: str) -> Any:
    """The stack once its status is one of `ends`."""
    limit = time.monotonic() + 10
    while True:
        stack = cloud.describe_stacks(StackName=name)["Stacks"][0]
        if stack["StackStatus"] in ends:
            return stack
        going = stack["StackStatus"].endswith("IN_PROGRESS") and time.monotonic() < limit
        assert going, (stack["StackStatus"], stack.get("StackStatusReason"))
        time.sleep(0.005)


def make(cloud: Any, name: str, template: Any, **more: Any) -> Any:
    body = template if isinstance(template, str) else json.dumps(template)
    cloud.create_stack(StackName=name, TemplateBody=body, Capabilities=["CAPABILITY_NAMED_IAM"], **more)
    return until(cloud, name, "CREATE_COMPLETE")


def change(cloud: Any, name: str, template: Any, end: str = "UPDATE_COMPLETE", **more: Any) -> Any:
    cloud.update_stack(StackName=name, TemplateBody=json.dumps(template), Capabilities=["CAPABILITY_NAMED_IAM"], **more)
    return until(cloud, name, end)


def role(name: str | None = None, **more: Any) -> dict[str, Any]:
    given = {"RoleName": name} if name else {}
    return {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": TRUST, **given, **more}}


def group(name: str, **more: Any) -> dict[str, Any]:
    return {"Type": "AWS::SageMaker::ModelPackageGroup", "Properties": {"ModelPackageGroupName": name, **more}}


def bucket(name: str, **more: Any) -> dict[str, Any]:
    return {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": name}, **more}


def resources(cloud: Any, name: str) -> dict[str, Any]:
    found = cloud.describe_stack_resources(StackName=name)["StackResources"]
    return {one["LogicalResourceId"]: one for one in found}


def statuses(cloud: Any, name: str) -> list[tuple[str, str]]:
    """(logical id, status), the oldest first."""
    events = cloud.describe_stack_events(StackName=name)["StackEvents"]
    return [(event["LogicalResourceId"], event["ResourceStatus"]) for event in reversed(events)]


def test_a_plain_stack_lives_and_dies(aws_target: Target, fresh: Client) -> None:
    cloud, s3, iam, name = (*(aws_target.client(one) for one in ("cloudformation", "s3", "iam")), fresh("plain"))
    given = [{"ParameterKey": "Name", "ParameterValue": name}]
    stack = make(cloud, name, PLAIN, Parameters=given, Tags=[{"Key": "stage", "Value": "test"}])
    outputs = {one["OutputKey"]: one["OutputValue"] for one in stack["Outputs"]}
    assert outputs == {"Bucket": name, "Role": f"arn:aws:iam::123456789012:role/{name}-role"}
    if aws_target.name == "local_aws":  # moto leaves versioning out and lists the policy without its name
        assert s3.get_bucket_versioning(Bucket=name)["Status"] == "Enabled"
        assert resources(cloud, name).keys() == {"Bucket", "Policy", "Role"}
    tags = {tag["Key"]: tag["Value"] for tag in s3.get_bucket_tagging(Bucket=name)["TagSet"]}
    assert tags["owner"] == "us"
    assert iam.list_role_policies(RoleName=f"{name}-role")["PolicyNames"] == ["read"]
    assert {"Name": f"{name}-role", "Value": outputs["Role"]}.items() <= next(
        one for one in cloud.list_exports()["Exports"] if one["Name"] == f"{name}-role"
    ).items()
    cloud.delete_stack(StackName=name)
    until(cloud, stack["StackId"], "DELETE_COMPLETE")
    if aws_target.name == "moto":
        return  # it reports the deletion and keeps bucket and role
    with pytest.raises(ClientError, match="NoSuchEntity"):
        iam.get_role(RoleName=f"{name}-role")
    assert name not in {one["Name"] for one in s3.list_buckets()["Buckets"]}


def test_tags_of_the_stack_reach_its_resources(client: Client, fresh: Client) -> None:
    cloud, name = client("cloudformation"), fresh("tags")
    template = {"Resources": {"Bucket": bucket(name)}}
    make(cloud, name, template, Tags=[{"Key": "stage", "Value": "test"}])
    found = {tag["Key"]: tag["Value"] for tag in client("s3").get_bucket_tagging(Bucket=name)["TagSet"]}
    assert found["stage"] == "test"
    assert found["aws:cloudformation:logical-id"] == "Bucket"
    change(cloud, name, template, Tags=[{"Key": "stage", "Value": "prod"}])
    found = {tag["Key"]: tag["Value"] for tag in client("s3").get_bucket_tagging(Bucket=name)["TagSet"]}
    assert found["stage"] == "prod"


def test_a_failed_creation_is_rolled_back_in_reverse(client: Client, fresh: Client) -> None:
    cloud, name = client("cloudformation"), fresh("fails")
    client("s3").create_bucket(Bucket=f"{name}-taken")
    template = {
        "Resources": {
            "First": bucket(f"{name}-a"),
            "Second": bucket(f"{name}-b", DependsOn="First"),
            "Third": bucket(f"{name}-taken", DependsOn=["Second"]),
        }
    }
    cloud.create_stack(StackName=name, TemplateBody=json.dumps(template))
    stack = until(cloud, name, "ROLLBACK_COMPLETE")
    found = statuses(cloud, name)
    assert ("Third", "CREATE_FAILED") in found
    assert [logical for logical, status in found if status == "DELETE_COMPLETE"] == ["Second", "First"]
    assert "[Third]" in next(
        event["ResourceStatusReason"]
        for event in cloud.describe_stack_events(StackName=name)["StackEvents"]
        if event["ResourceStatus"] == "ROLLBACK_IN_PROGRESS"
    )
    assert client("s3").head_bucket(Bucket=f"{name}-taken"), "what was there before is not the stack's to delete"
    with pytest.raises(ClientError, match="can not be updated"):
        cloud.update_stack(StackName=name, TemplateBody=json.dumps(template))
    cloud.delete_stack(StackName=name)
    until(cloud, stack["StackId"], "DELETE_COMPLETE")


@pytest.mark.parametrize(("mode", "end"), [("DO_NOTHING", "CREATE_FAILED"), ("DELETE", "DELETE_COMPLETE")])
def test_what_happens_on_failure_can_be_chosen(client: Client, fresh: Client, mode: str, end: str) -> None:
    cloud, name = client("cloudformation"), fresh("onfail")
    template = {
        "Resources": {"First": bucket(name), "Second": {**role(ManagedPolicyArns=["arn:x"]), "DependsOn": "First"}}
    }
    made = cloud.create_stack(
        StackName=name, TemplateBody=json.dumps(template), OnFailure=mode, Capabilities=["CAPABILITY_IAM"]
    )
    until(cloud, made["StackId"], end)
    names = [one["Name"] for one in client("s3").list_buckets()["Buckets"]]
    assert (name in names) == (mode == "DO_NOTHING")


def test_update_in_place_and_by_replacement(client: Client, fresh: Client) -> None:
    cloud, iam, name = client("cloudformation"), client("iam"), fresh("update")
    body = {"PolicyName": "p", "PolicyDocument": {"Version": "2012-10-17", "Statement": []}}
    template: dict[str, Any] = {"Resources": {"Role": role(f"{name}-one")}}
    make(cloud, name, template)
    template["Resources"]["Role"]["Properties"]["Policies"] = [body]
    change(cloud, name, template)
    assert iam.list_role_policies(RoleName=f"{name}-one")["PolicyNames"] == ["p"]
    template["Resources"]["Role"]["Properties"]["RoleName"] = f"{name}-two"
    change(cloud, name, template)
    assert resources(cloud, name)["Role"]["PhysicalResourceId"] == f"{name}-two"
    with pytest.raises(ClientError, match="NoSuchEntity"):
        iam.get_role(RoleName=f"{name}-one")
    with pytest.raises(ClientError, match="No updates are to be performed"):
        cloud.update_stack(StackName=name, TemplateBody=json.dumps(template), Capabilities=["CAPABILITY_NAMED_IAM"])


def test_a_named_resource_is_not_replaced_under_its_name(client: Client, fresh: Client) -> None:
    cloud, name = client("cloudformation"), fresh("named")
    make(cloud, name, {"Resources": {"Group": group(name, ModelPackageGroupDescription="one")}})
    template = {"Resources": {"Group": group(name, ModelPackageGroupDescription="two")}}
    change(cloud, name, template, end="UPDATE_ROLLBACK_COMPLETE")
    events = cloud.describe_stack_events(StackName=name)["StackEvents"]
    assert any("custom-named resource" in event.get("ResourceStatusReason", "") for event in events)


def test_a_failed_update_goes_back_to_what_was(client: Client, fresh: Client) -> None:
    cloud, iam, name = client("cloudformation"), client("iam"), fresh("back")
    make(cloud, name, {"Resources": {"Role": role(f"{name}-one"), "Old": bucket(f"{name}-old")}})
    template = {
        "Resources": {
            "Role": role(f"{name}-two"),
            "New": {**bucket(f"{name}-new"), "DependsOn": "Role"},
            "Bad": {**role(f"{name}-bad", ManagedPolicyArns=["arn:none"]), "DependsOn": "New"},
        }
    }
    change(cloud, name, template, end="UPDATE_ROLLBACK_COMPLETE")
    assert {key: one["PhysicalResourceId"] for key, one in resources(cloud, name).items()} == {
        "Role": f"{name}-one",
        "Old": f"{name}-old",
    }
    assert iam.get_role(RoleName=f"{name}-one")
    for gone in (f"{name}-two", f"{name}-bad"):
        with pytest.raises(ClientError, match="NoSuchEntity"):
            iam.get_role(RoleName=gone)
    buckets = {one["Name"] for one in client("s3").list_buckets()["Buckets"]}
    assert f"{name}-old" in buckets
    assert f"{name}-new" not in buckets


def pipeline(name: str, definition: dict[str, Any]) -> dict[str, Any]:
    given = {"PipelineName": name, "RoleArn": ROLE, "PipelineDefinition": definition}
    return {"Type": "AWS::SageMaker::Pipeline", "Properties": given}


@pytest.mark.parametrize("skipped", [True, False])
def test_a_rollback_that_fails_can_be_continued(client: Client, fresh: Client, skipped: bool) -> None:
    """The definition that the rollback needs was in S3 and is gone."""
    cloud, s3, name = client("cloudformation"), client("s3"), fresh("stuck")
    text = json.dumps(definition([processing("One", "pass")]))
    s3.create_bucket(Bucket=name)
    s3.put_object(Bucket=name, Key="one.json", Body=text.encode())
    where = {"PipelineDefinitionS3Location": {"Bucket": name, "Key": "one.json"}}
    make(cloud, name, {"Resources": {"Pipeline": pipeline(name, where)}})
    s3.delete_object(Bucket=name, Key="one.json")
    inline = {"PipelineDefinitionBody": json.dumps(definition([processing("Two", "pass")]))}
    bad = {**role(ManagedPolicyArns=["arn:aws:iam::123456789012:policy/none"]), "DependsOn": "Pipeline"}
    template = {"Resources": {"Pipeline": pipeline(name, inline), "Bad": bad}}
    change(cloud, name, template, end="UPDATE_ROLLBACK_FAILED")
    assert resources(cloud, name)["Pipeline"]["ResourceStatus"] == "UPDATE_FAILED"
    with pytest.raises(ClientError, match="can not be updated"):
        cloud.update_stack(StackName=name, TemplateBody=json.dumps(template))
    if not skipped:
        s3.put_object(Bucket=name, Key="one.json", Body=text.encode())
    cloud.continue_update_rollback(StackName=name, ResourcesToSkip=["Pipeline"] if skipped else [])
    until(cloud, name, "UPDATE_ROLLBACK_COMPLETE")
    found = json.loads(client("sagemaker").describe_pipeline(PipelineName=name)["PipelineDefinition"])
    assert found["Steps"][0]["Name"] == ("Two" if skipped else "One")
    assert resources(cloud, name).keys() == {"Pipeline"}


def test_change_sets(client: Client, fresh: Client) -> None:
    cloud, name = client("cloudformation"), fresh("changes")
    template: dict[str, Any] = {"Resources": {"Role": role(f"{name}-one"), "Bucket": bucket(name)}}
    first = {"StackName": name, "ChangeSetName": "first", "Capabilities": ["CAPABILITY_NAMED_IAM"]}
    cloud.create_change_set(**first, ChangeSetType="CREATE", TemplateBody=json.dumps(template))
    assert cloud.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"] == "REVIEW_IN_PROGRESS"
    cloud.execute_change_set(StackName=name, ChangeSetName="first")
    until(cloud, name, "CREATE_COMPLETE")
    del template["Resources"]["Bucket"]
    template["Resources"]["Role"] = role(f"{name}-two")
    template["Resources"]["Policy"] = {
        "Type": "AWS::IAM::Policy",
        "Properties": {
            "PolicyName": "p",
            "PolicyDocument": {"Version": "2012-10-17", "Statement": []},
            "Roles": [{"Ref": "Role"}],
        },
    }
    cloud.create_change_set(**first | {"ChangeSetName": "second"}, TemplateBody=json.dumps(template))
    found = cloud.describe_change_set(StackName=name, ChangeSetName="second")
    assert {
        (one["ResourceChange"]["Action"], one["ResourceChange"]["LogicalResourceId"]) for one in found["Changes"]
    } == {("Modify", "Role"), ("Add", "Policy"), ("Remove", "Bucket")}
    assert found["Changes"][0]["ResourceChange"]["Replacement"] == "True"
    cloud.execute_change_set(StackName=name, ChangeSetName="second")
    until(cloud, name, "UPDATE_COMPLETE")
    assert client("iam").list_role_policies(RoleName=f"{name}-two")["PolicyNames"] == ["p"]
    cloud.create_change_set(**first | {"ChangeSetName": "none"}, TemplateBody=json.dumps(template))
    found = cloud.describe_change_set(StackName=name, ChangeSetName="none")
    assert found["Status"] == "FAILED"
    assert "didn't contain changes" in found["StatusReason"]
    with pytest.raises(ClientError, match="cannot be executed"):
        cloud.execute_change_set(StackName=name, ChangeSetName="none")


def test_exports_hold_what_others_import(client: Client, fresh: Client) -> None:
    cloud, name = client("cloudformation"), fresh("export")
    output = {"Value": {"Ref": "Bucket"}, "Export": {"Name": f"{name}-bucket"}}
    maker = make(cloud, name, {"Resources": {"Bucket": bucket(name)}, "Outputs": {"Bucket": output}})
    tag = {"Key": "of", "Value": {"Fn::ImportValue": f"{name}-bucket"}}
    user = {"Resources": {"Role": role(Tags=[tag])}}
    taker = make(cloud, f"{name}-user", user)
    assert cloud.list_imports(ExportName=f"{name}-bucket")["Imports"] == [f"{name}-user"]
    with pytest.raises(ClientError, match=f"in use by {name}-user"):
        cloud.delete_stack(StackName=name)
    for stack in (taker, maker):
        cloud.delete_stack(StackName=stack["StackName"])
        until(cloud, stack["StackId"], "DELETE_COMPLETE")


def test_retained_and_full_buckets(client: Client, fresh: Client) -> None:
    cloud, s3, name = client("cloudformation"), client("s3"), fresh("keep")
    stack = make(
        cloud,
        name,
        {"Resources": {"Kept": bucket(f"{name}-kept", DeletionPolicy="Retain"), "Full": bucket(f"{name}-full")}},
    )
    s3.put_object(Bucket=f"{name}-full", Key="a", Body=b"a")
    cloud.delete_stack(StackName=name)
    failed = until(cloud, stack["StackId"], "DELETE_FAILED")
    assert "[Full]" in failed["StackStatusReason"]
    s3.delete_object(Bucket=f"{name}-full", Key="a")
    cloud.delete_stack(StackName=name)
    until(cloud, stack["StackId"], "DELETE_COMPLETE")
    names = {one["Name"] for one in s3.list_buckets()["Buckets"]}
    assert f"{name}-kept" in names
    assert f"{name}-full" not in names


REFUSED = {
    "Unrecognized resource types: .AWS::S3::Bukket.": {"Resources": {"A": {"Type": "AWS::S3::Bukket"}}},
    "not support the resource type AWS::EC2::Instance": {"Resources": {"A": {"Type": "AWS::EC2::Instance"}}},
    "extraneous key .Versioning. is not permitted": {
        "Resources": {"A": {"Type": "AWS::S3::Bucket", "Properties": {"Versioning": True}}}
    },
    "does not support the property ReplicationConfiguration": {
        "Resources": {"A": {"Type": "AWS::S3::Bucket", "Properties": {"ReplicationConfiguration": {}}}}
    },
    "required key .AssumeRolePolicyDocument. not found": {
        "Resources": {"A": {"Type": "AWS::IAM::Role", "Properties": {"Path": "/"}}}
    },
    "Unresolved resource dependencies .Nobody.": {
        "Resources": {"A": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": {"Ref": "Nobody"}}}}
    },
    "Circular dependency between resources": {
        "Resources": {
            "A": {"Type": "AWS::S3::Bucket", "DependsOn": "B"},
            "B": {"Type": "AWS::S3::Bucket", "DependsOn": "A"},
        }
    },
    "does not support the section Transform": {"Transform": "AWS::Serverless", "Resources": {"A": bucket("a")}},
    "does not support the parameter type AWS::SSM::Parameter": {
        "Parameters": {"P": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "x"}},
        "Resources": {"A": bucket("a")},
    },
    "must have values": {"Parameters": {"P": {"Type": "String"}}, "Resources": {"A": bucket("a")}},
    "not less than 3": {
        "Parameters": {"P": {"Type": "Number", "Default": 2, "MinValue": 3}},
        "Resources": {"A": bucket("a")},
    },
    "does not support Fn::Length": {
        "Conditions": {"C": {"Fn::Equals": [{"Fn::Length": []}, 0]}},
        "Resources": {"A": bucket("a", Condition="C")},
    },
}


@pytest.mark.parametrize("sentence", REFUSED)
def test_what_is_refused_by_name(client: Client, fresh: Client, sentence: str) -> None:
    cloud, name = client("cloudformation"), fresh("refused")
    with pytest.raises(ClientError, match=sentence):
        cloud.create_stack(
            StackName=name, TemplateBody=json.dumps(REFUSED[sentence]), Capabilities=["CAPABILITY_NAMED_IAM"]
        )
    with pytest.raises(ClientError, match="does not exist"):
        cloud.describe_stacks(StackName=name)


def test_more_refusals(client: Client, fresh: Client) -> None:
    cloud, name = client("cloudformation"), fresh("refusals")
    template = json.dumps({"Resources": {"Bucket": bucket(name)}})
    with pytest.raises(ClientError, match="StackPolicyBody of stacks"):
        cloud.create_stack(StackName=name, TemplateBody=template, StackPolicyBody="{}")
    with pytest.raises(ClientError, match="CAPABILITY_NAMED_IAM"):
        cloud.create_stack(StackName=name, TemplateBody=json.dumps({"Resources": {"R": role(name)}}))
    made = make(cloud, name, template, EnableTerminationProtection=True, ClientRequestToken="once")
    with pytest.raises(ClientError, match="TerminationProtection is enabled"):
        cloud.delete_stack(StackName=name)
    cloud.update_termination_protection(StackName=name, EnableTerminationProtection=False)
    again = cloud.create_stack(
        StackName=name,
        TemplateBody=template,
        EnableTerminationProtection=True,
        ClientRequestToken="once",
        Capabilities=["CAPABILITY_NAMED_IAM"],
    )
    assert again["StackId"] == made["StackId"]


TEMPLATES = Path(__file__).parents[2] / "model_deploy" / "templates"

ACCOUNT = "123456789012"

REAL = {
    "roles.yml": {"ToolingAccountId": ACCOUNT, "ModelBucketName": "models", "DataBucketName": "data"},
    "project/foundation.yml": {"StagingAccountId": ACCOUNT, "ProdAccountId": ACCOUNT, "NotificationEmail": "a@b.org"},
}


@pytest.mark.skipif(not TEMPLATES.exists(), reason="the project's templates are not beside this distribution")
@pytest.mark.parametrize("path", REAL)
def test_the_projects_own_templates(client: Client, fresh: Client, path: str) -> None:
    """They are made, found unchanged when sent again, and leave nothing."""
    cloud, name = client("cloudformation"), fresh("real")[:12]
    given = REAL[path] | {"SageMakerProjectName": name, "SageMakerProjectId": name[-7:].strip("-")}
    request = {
        "StackName": name,
        "TemplateBody": (TEMPLATES / path).read_text(encoding="utf-8"),
        "Parameters": [{"ParameterKey": key, "ParameterValue": value} for key, value in given.items()],
        "Capabilities": ["CAPABILITY_NAMED_IAM"],
    }
    stack = cloud.create_stack(**request)["StackId"]
    assert until(cloud, name, "CREATE_COMPLETE")["Outputs"]
    with pytest.raises(ClientError, match="No updates are to be performed"):
        cloud.update_stack(**request)
    cloud.delete_stack(StackName=name)
    until(cloud, stack, "DELETE_COMPLETE")
    left = {one["ResourceStatus"] for one in cloud.describe_stack_resources(StackName=stack)["StackResources"]}
    assert left == {"DELETE_COMPLETE"}
