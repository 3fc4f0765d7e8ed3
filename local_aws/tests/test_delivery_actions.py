"""What actions do: builds with the pipeline's artifacts, stacks and change sets, pipelines that stacks make."""

import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError
from delivery_kit import ROLE, Delivery, action, approval, source, stage, until

Client = Callable[..., Any]

TEMPLATE = """
Parameters:
  Retention: {Type: Number}
  Name: {Type: String, Default: /none}
Resources:
  Logs:
    Type: AWS::Logs::LogGroup
    Properties: {LogGroupName: !Ref Name, RetentionInDays: !Ref Retention}
Outputs:
  Group: {Value: !Ref Logs}
"""

BUILDSPEC = """
version: 0.2
env:
  exported-variables: [WORD]
phases:
  build:
    commands:
      - mkdir out && cp template.yml out/ && cp "$CODEBUILD_SRC_DIR/configuration.json" out/
      - export WORD="$GIVEN-from-$CODEBUILD_INITIATOR"
artifacts:
  base-directory: out
  files: ["*"]
"""

CHECK = """
version: 0.2
phases:
  build:
    commands:
      - test -f run.sh && test -x run.sh
      - grep -q Retention "$CODEBUILD_SRC_DIR_Built/template.yml"
      - test "$STAGE" = staging
"""


@pytest.fixture
def delivery(client: Client, bucket: str) -> Delivery:
    return Delivery(client, bucket)


def project(client: Client, name: str, buildspec: str) -> str:
    client("codebuild").create_project(
        name=name,
        source={"type": "CODEPIPELINE", "buildspec": buildspec},
        artifacts={"type": "CODEPIPELINE"},
        environment={
            "type": "LINUX_CONTAINER",
            "image": "aws/codebuild/standard:7.0",
            "computeType": "BUILD_GENERAL1_SMALL",
        },
        serviceRole=ROLE,
    )
    return name


def deploy(name: str, mode: str = "CREATE_UPDATE", **more: Any) -> dict[str, Any]:
    given = {"ActionMode": mode, "StackName": name, "RoleArn": ROLE}
    if mode in ("CREATE_UPDATE", "REPLACE_ON_FAILURE", "CHANGE_SET_REPLACE"):
        given["TemplatePath"] = f"{more.pop('of', 'Source')}::template.yml"
    return action("Deploy", "Deploy CloudFormation", given | more.pop("given", {}), **{"inputs": ["Source"], **more})


def zipped(**files: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, text in files.items():
            archive.writestr(name.replace("__", "."), text)
    return content.getvalue()


def from_s3(client: Client, bucket: str, key: str, **files: str) -> dict[str, Any]:
    """A source action, and the object that it takes."""
    client("s3").put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    client("s3").put_object(Bucket=bucket, Key=key, Body=zipped(**files))
    given = {"S3Bucket": bucket, "S3ObjectKey": key, "PollForSourceChanges": "false"}
    return action("Source", "Source S3", given, outputs=["Source"])


def failure(delivery: Delivery, name: str, execution: str, wanted: str) -> dict[str, Any]:
    found: dict[str, Any] = delivery.action(name, execution, wanted)["output"]["executionResult"]["errorDetails"]
    return found


def configuration(name: str, retention: int = 7) -> str:
    return json.dumps({"Parameters": {"Name": f"/{name}", "Retention": str(retention)}, "Tags": {"stage": "test"}})


def test_from_a_commit_over_builds_to_a_stack(delivery: Delivery, client: Client, fresh: Client) -> None:
    name = fresh("pipeline")
    client("codecommit").create_repository(repositoryName=name)
    files = {
        "buildspec.yml": BUILDSPEC,
        "check.yml": CHECK,
        "template.yml": TEMPLATE,
        "configuration.json": configuration(name),
    }
    put = [{"filePath": path, "fileContent": text.encode()} for path, text in files.items()]
    run = {"filePath": "run.sh", "fileContent": b"#!", "fileMode": "EXECUTABLE"}
    client("codecommit").create_commit(repositoryName=name, branchName="main", putFiles=[*put, run])
    build, check = project(client, f"{name}-build", "buildspec.yml"), project(client, f"{name}-check", "check.yml")
    given = {"ProjectName": build, "EnvironmentVariables": '[{"name": "GIVEN", "value": "#{variables.V}"}]'}
    checked = {"ProjectName": check, "PrimarySource": "Source"}
    checked["EnvironmentVariables"] = '[{"name": "STAGE", "value": "staging", "type": "PLAINTEXT"}]'
    of_build = {"TemplateConfiguration": "Built::configuration.json"}
    execution = delivery.create(
        name,
        stage("Source", source(name)),
        stage(
            "Build", action("Build", "Build CodeBuild", given, inputs=["Source"], outputs=["Built"], namespace="Built")
        ),
        stage("Deploy", deploy(name, of="Built", inputs=["Built"], given=of_build, namespace="Stack")),
        stage("Test", action("Test", "Test CodeBuild", checked, inputs=["Source", "Built"])),
        stage("Approve", approval(given={"CustomData": "#{Built.WORD} #{Stack.Group}"})),
        variables=[{"name": "V", "defaultValue": "seven"}],
    )
    until(lambda: len(delivery.actions(name, execution)) == 5 or delivery.status(name, execution) == "Failed")
    asked = delivery.action(name, execution, "Approve")["input"]["resolvedConfiguration"]["CustomData"]
    assert asked == f"seven-from-codepipeline/{name} /{name}"
    stack = client("cloudformation").describe_stacks(StackName=name)["Stacks"][0]
    assert (stack["StackStatus"], stack["RoleARN"]) == ("CREATE_COMPLETE", ROLE)
    assert {"Key": "stage", "Value": "test"} in stack["Tags"]
    where = delivery.action(name, execution, "Build")["output"]["outputArtifacts"][0]["s3location"]
    assert where["key"].split("/")[:2] == [name[:20], "Built"]
    delivery.answer(name, execution)
    assert delivery.end(name, execution) == "Succeeded"
    again = delivery.start(name)  # nothing is new: nothing is to be updated
    delivery.answer(name, again)
    assert delivery.end(name, again) == "Succeeded"
    assert (
        "nothing to update"
        in delivery.action(name, again, "Deploy")["output"]["executionResult"]["externalExecutionSummary"]
    )


def test_a_build_that_fails_fails_its_stage(delivery: Delivery, client: Client, bucket: str, fresh: Client) -> None:
    name = fresh("pipeline")
    build = project(client, name, "version: 0.2\nphases:\n  build:\n    commands: [exit 3]\n")
    source_action = from_s3(client, bucket, "in.zip", a="1")
    test = action("Test", "Test CodeBuild", {"ProjectName": build}, inputs=["Source"])
    execution = delivery.create(name, stage("Source", source_action), stage("Test", test))
    assert delivery.end(name, execution) == "Failed"
    found = failure(delivery, name, execution, "Test")
    assert found["code"] == "JobFailed"
    assert found["message"].startswith(
        "Build terminated with state: FAILED. Phase: BUILD, Code: COMMAND_EXECUTION_ERROR"
    )
    none = action("Test", "Test CodeBuild", {"ProjectName": "none"}, inputs=["Source"])
    other = fresh("pipeline")
    execution = delivery.create(other, stage("Source", source_action), stage("Test", none))
    assert delivery.end(other, execution) == "Failed"
    assert "none" in failure(delivery, other, execution, "Test")["message"]


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


FUNCTION = """
import json, boto3

def handle(event, context):
    job = event["CodePipeline.job"]
    data, client = job["data"], boto3.client("codepipeline")
    given = json.loads(data["actionConfiguration"]["configuration"]["UserParameters"])
    if given["fail"]:
        details = {"type": "ConfigurationError", "message": "not like this"}
        client.put_job_failure_result(jobId=job["id"], failureDetails=details)
    elif "continuationToken" not in data:
        client.put_job_success_result(jobId=job["id"], continuationToken="later")
    else:
        where = data["outputArtifacts"][0]["location"]["s3Location"]
        boto3.client("s3").put_object(Bucket=where["bucketName"], Key=where["objectKey"], Body=b"made")
        said = {"Word": data["continuationToken"] + " " + data["inputArtifacts"][0]["name"]}
        client.put_job_success_result(jobId=job["id"], outputVariables=said)
"""


def test_a_function_says_how_its_job_ended(delivery: Delivery, client: Client, bucket: str, fresh: Client) -> None:
    name = fresh("pipeline")
    client("lambda").create_function(
        FunctionName=name,
        Runtime="python3.13",
        Handler="main.handle",
        Role=ROLE,
        Code={"ZipFile": zipped(main__py=FUNCTION)},
    )

    def invoke(fail: bool) -> dict[str, Any]:
        given = {"FunctionName": name, "UserParameters": json.dumps({"fail": fail})}
        return action("Run", "Invoke Lambda", given, inputs=["Source"], outputs=["Made"], namespace="Made")

    first = stage("Source", from_s3(client, bucket, "in.zip", a="1"))
    last = stage("Approve", approval(given={"CustomData": "#{Made.Word}"}))
    execution = delivery.create(name, first, stage("Run", invoke(False)), last)
    delivery.token(name, execution)
    asked = delivery.action(name, execution, "Approve")["input"]["resolvedConfiguration"]["CustomData"]
    assert asked == "later Source"
    where = delivery.action(name, execution, "Run")["output"]["outputArtifacts"][0]["s3location"]
    assert client("s3").get_object(Bucket=where["bucket"], Key=where["key"])["Body"].read() == b"made"
    delivery.answer(name, execution)
    delivery.end(name, execution)
    delivery.pipelines.update_pipeline(pipeline=delivery.declared(name, first, stage("Run", invoke(True)), last))
    execution = delivery.start(name)
    assert delivery.end(name, execution) == "Failed"
    assert failure(delivery, name, execution, "Run") == {"code": "ConfigurationError", "message": "not like this"}
    with pytest.raises(ClientError, match="JobNotFoundException"):
        delivery.pipelines.put_job_success_result(jobId="00000000-0000-0000-0000-000000000000")
