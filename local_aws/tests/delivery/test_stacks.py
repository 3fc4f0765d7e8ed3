"""Stacks and change sets that pipelines make, and pipelines that stacks make."""

import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError
from delivery_kit import (
    TEMPLATE,
    Delivery,
    approval,
    configuration,
    deploy,
    failure,
    from_s3,
    source,
    stage,
    until,
)

Client = Callable[..., Any]


def test_a_stack_that_fails_says_which_resource(delivery: Delivery, client: Client, bucket: str, fresh: Client) -> None:
    name = fresh("pipeline")
    client("logs").create_log_group(logGroupName=f"/{name}")  # taken
    given = {"TemplateConfiguration": "Source::configuration.json"}
    files = {"template__yml": TEMPLATE, "configuration__json": configuration(name)}
    from_zip = from_s3(client, bucket, "in.zip", **files)
    execution = delivery.create(name, stage("Source", from_zip), stage("Deploy", deploy(name, given=given)))
    assert delivery.end(name, execution) == "Failed"
    message = failure(delivery, name, execution, "Deploy")["message"]
    assert message.startswith(f"Stack {name} is ROLLBACK_COMPLETE. Logs: ")
    assert "exists" in message
    retry = {"pipelineName": name, "stageName": "Deploy", "pipelineExecutionId": execution}
    delivery.pipelines.retry_stage_execution(**retry, retryMode="FAILED_ACTIONS")
    assert delivery.end(name, execution) == "Failed"
    assert "ROLLBACK_COMPLETE state and can not be updated" in failure(delivery, name, execution, "Deploy")["message"]
    client("logs").delete_log_group(logGroupName=f"/{name}")
    changed = deploy(name, "REPLACE_ON_FAILURE", given=given | {"OutputFileName": "out.json"}, outputs=["Outputs"])
    declared = delivery.declared(name, stage("Source", from_zip), stage("Deploy", changed))
    delivery.pipelines.update_pipeline(pipeline=declared)
    execution = delivery.start(name)
    assert delivery.end(name, execution) == "Succeeded"
    where = delivery.action(name, execution, "Deploy")["output"]["outputArtifacts"][0]["s3location"]
    content = client("s3").get_object(Bucket=where["bucket"], Key=where["key"])["Body"].read()
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert json.loads(archive.read("out.json")) == {"Group": f"/{name}"}


def test_change_sets_overrides_and_deletion(delivery: Delivery, client: Client, bucket: str, fresh: Client) -> None:
    name, cloud = fresh("pipeline"), client("cloudformation")
    files = {"template__yml": TEMPLATE + "\n# " + "long " * 12_000, "more__json": '{"Days": 14}'}
    overrides = {"Name": f"/{name}", "Retention": {"Fn::GetParam": ["Source", "more.json", "Days"]}}
    sets = {"ChangeSetName": "next"}
    made = deploy(name, "CHANGE_SET_REPLACE", given=sets | {"ParameterOverrides": json.dumps(overrides)})
    executed = deploy(name, "CHANGE_SET_EXECUTE", given=sets) | {"name": "Execute", "runOrder": 2}
    gone = deploy(name, "DELETE_ONLY", inputs=[])
    from_zip = from_s3(client, bucket, "in.zip", **files)
    execution = delivery.create(
        name,
        stage("Source", from_zip),
        stage("Deploy", made, executed),
        stage("Approve", approval()),
        stage("Gone", gone),
    )
    delivery.token(name, execution)
    groups = client("logs").describe_log_groups(logGroupNamePrefix=f"/{name}")["logGroups"]
    assert [one["retentionInDays"] for one in groups] == [14]
    again = delivery.start(name)
    delivery.answer(name, execution)
    assert delivery.end(name, execution) == "Succeeded"
    with pytest.raises(ClientError, match="does not exist"):
        cloud.describe_stacks(StackName=name)
    until(lambda: delivery.stage(name, "Approve").get("latestExecution", {}).get("pipelineExecutionId") == again)
    delivery.answer(name, again)
    assert delivery.end(name, again) == "Succeeded"


FAULTS = {
    "no such file": ({"TemplateConfiguration": "Source::none.json"}, {}, "File [none.json] does not exist"),
    "no JSON": ({"TemplateConfiguration": "Source::bad.json"}, {"bad__json": "{"}, "is not JSON"),
    "unknown section": (
        {"TemplateConfiguration": "Source::bad.json"},
        {"bad__json": '{"Parameter": {}}'},
        "unknown section Parameter",
    ),
    "no value": ({"ParameterOverrides": '{"Name": "#{Nobody.Name}"}'}, {}, "#{Nobody.Name} has no value"),
    "refused by CloudFormation": ({}, {}, "Parameters: [Retention]"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_a_deployment_cannot_use(
    delivery: Delivery, client: Client, bucket: str, fresh: Client, fault: str
) -> None:
    name = fresh("pipeline")
    given, files, said = FAULTS[fault]
    from_zip = from_s3(client, bucket, "in.zip", template__yml=TEMPLATE, **files)
    execution = delivery.create(name, stage("Source", from_zip), stage("Deploy", deploy(name, given=given)))
    assert delivery.end(name, execution) == "Failed"
    assert said in failure(delivery, name, execution, "Deploy")["message"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"ActionMode": "UPSERT"}, "unknown ActionMode"),
        ({"TemplatePath": "template.yml"}, "must be ARTIFACT::FILE"),
        ({"TemplatePath": "None::template.yml"}, "must be ARTIFACT::FILE"),
        ({"ParameterOverrides": json.dumps({"A": "é" * 600}, ensure_ascii=False)}, "larger than 1024 bytes"),
        ({"ActionMode": "CHANGE_SET_EXECUTE"}, "'ChangeSetName'"),
    ],
)
def test_deployments_that_are_declared_wrongly(
    delivery: Delivery, fresh: Client, given: dict[str, str], said: str
) -> None:
    with pytest.raises(ClientError, match=said) as error:
        delivery.create(fresh("bad"), stage("Source", source("r")), stage("Deploy", deploy("s", given=given)))
    assert error.value.response["Error"]["Code"] == "InvalidActionDeclarationException"


STACK = """
Parameters:
  Name: {Type: String}
  Bucket: {Type: String}
  Minutes: {Type: Number, Default: 5}
  Mode: {Type: String, Default: QUEUED}
Resources:
  Repository:
    Type: AWS::CodeCommit::Repository
    Properties: {RepositoryName: !Ref Name, Tags: [{Key: a, Value: "1"}]}
  Pipeline:
    Type: AWS::CodePipeline::Pipeline
    Properties:
      Name: !Ref Name
      PipelineType: V2
      ExecutionMode: !Ref Mode
      RoleArn: arn:aws:iam::123456789012:role/delivery
      ArtifactStore: {Type: S3, Location: !Ref Bucket, EncryptionKey: {Type: KMS, Id: alias/one}}
      Variables: [{Name: V, DefaultValue: "1", Description: d}]
      DisableInboundStageTransitions: [{StageName: Approve, Reason: not yet}]
      Stages:
        - Name: Source
          Actions:
            - Name: Source
              ActionTypeId: {Category: Source, Owner: AWS, Provider: CodeCommit, Version: "1"}
              Configuration: {RepositoryName: !GetAtt Repository.Name, BranchName: main, PollForSourceChanges: false}
              OutputArtifacts: [{Name: Source}]
        - Name: Approve
          Actions:
            - Name: Approve
              ActionTypeId: {Category: Approval, Owner: AWS, Provider: Manual, Version: "1"}
              TimeoutInMinutes: !Ref Minutes
              RunOrder: 1
      Tags: [{Key: b, Value: "2"}]
Outputs:
  Pipeline: {Value: !Ref Pipeline}
  Version: {Value: !GetAtt Pipeline.Version}
"""


def test_a_stack_makes_changes_and_removes_a_pipeline(
    delivery: Delivery, client: Client, bucket: str, fresh: Client
) -> None:
    name, cloud = fresh("stack"), client("cloudformation")

    def parameters(**more: str) -> list[dict[str, str]]:
        given = {"Name": name, "Bucket": bucket, **more}
        return [{"ParameterKey": key, "ParameterValue": item} for key, item in given.items()]

    def end(wanted: str) -> dict[str, str]:
        def look() -> Any:
            found = cloud.describe_stacks(StackName=made)["Stacks"][0]
            return None if found["StackStatus"].endswith("IN_PROGRESS") else found

        found = until(look)
        assert found["StackStatus"] == wanted, found
        return {one["OutputKey"]: one["OutputValue"] for one in found.get("Outputs", [])}

    made = cloud.create_stack(StackName=name, TemplateBody=STACK, Parameters=parameters())["StackId"]
    assert end("CREATE_COMPLETE") == {"Pipeline": name, "Version": "1"}
    held = delivery.pipelines.get_pipeline(name=name)
    assert held["pipeline"]["stages"][1]["actions"][0]["timeoutInMinutes"] == 5
    assert held["pipeline"]["stages"][0]["actions"][0]["configuration"]["PollForSourceChanges"] == "false"
    assert delivery.stage(name, "Approve")["inboundTransitionState"]["disabledReason"] == "not yet"
    tags = delivery.pipelines.list_tags_for_resource(resourceArn=held["metadata"]["pipelineArn"])["tags"]
    assert {"key": "b", "value": "2"} in tags
    cloud.update_stack(StackName=made, UsePreviousTemplate=True, Parameters=parameters(Minutes="6"))
    assert end("UPDATE_COMPLETE") == {"Pipeline": name, "Version": "2"}
    cloud.update_stack(StackName=made, UsePreviousTemplate=True, Parameters=parameters(Mode="PARALLEL"))
    assert end("UPDATE_ROLLBACK_COMPLETE")["Pipeline"] == name
    assert delivery.pipelines.get_pipeline(name=name)["pipeline"]["executionMode"] == "QUEUED"
    cloud.delete_stack(StackName=made)
    end("DELETE_COMPLETE")
    with pytest.raises(ClientError, match="PipelineNotFoundException"):
        delivery.pipelines.get_pipeline(name=name)
    with pytest.raises(ClientError, match="RepositoryDoesNotExistException"):
        client("codecommit").get_repository(repositoryName=name)
