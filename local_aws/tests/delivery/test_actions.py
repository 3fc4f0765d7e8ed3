"""What actions do: builds with the pipeline's artifacts, functions with a job, and a stack out of a build."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError
from delivery_kit import (
    ROLE,
    TEMPLATE,
    Delivery,
    action,
    approval,
    configuration,
    deploy,
    failure,
    from_s3,
    source,
    stage,
    until,
    zipped,
)

Client = Callable[..., Any]


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
