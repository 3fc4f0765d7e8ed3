"""Pipelines, their versions and executions as things that are listed, changed and deleted."""

import json
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError
from pipelines_kit import OK, ROLE, Pipelines, after, definition, processing


def test_tokens_make_a_start_happen_once(pipelines: Pipelines) -> None:
    name = pipelines.create([processing("A", OK)])
    token = uuid.uuid4().hex
    first = pipelines.start(name, ClientRequestToken=token)
    assert pipelines.start(name, ClientRequestToken=token) == first
    with pytest.raises(ClientError, match="ConflictException"):
        pipelines.start(name, ClientRequestToken=token, PipelineExecutionDisplayName="another")
    listed = pipelines.sagemaker.list_pipeline_executions(PipelineName=name)["PipelineExecutionSummaries"]
    assert [item["PipelineExecutionArn"] for item in listed] == [first]
    pipelines.end(first)


def test_executions_are_listed_described_and_updated(pipelines: Pipelines) -> None:
    name = pipelines.create([processing("A", OK)])
    arns = [pipelines.start(name, PipelineExecutionDisplayName=f"run-{index}") for index in range(3)]
    for arn in arns:
        pipelines.end(arn)
    client = pipelines.sagemaker
    listed = client.list_pipeline_executions(PipelineName=name)["PipelineExecutionSummaries"]
    assert [item["PipelineExecutionArn"] for item in listed] == arns[::-1]
    page = client.list_pipeline_executions(PipelineName=name, MaxResults=2, SortOrder="Ascending")
    assert [item["PipelineExecutionArn"] for item in page["PipelineExecutionSummaries"]] == arns[:2]
    rest = client.list_pipeline_executions(
        PipelineName=name, MaxResults=2, SortOrder="Ascending", NextToken=page["NextToken"]
    )
    assert [item["PipelineExecutionArn"] for item in rest["PipelineExecutionSummaries"]] == arns[2:]
    client.update_pipeline_execution(PipelineExecutionArn=arns[0], PipelineExecutionDescription="looked at")
    found = client.describe_pipeline_execution(PipelineExecutionArn=arns[0])
    assert found["PipelineExecutionDescription"] == "looked at"
    assert found["PipelineExecutionDisplayName"] == "run-0"
    assert found["PipelineExperimentConfig"] == {
        "ExperimentName": name,
        "TrialName": arns[0].rpartition("/")[2],
    }
    text = client.describe_pipeline_definition_for_execution(PipelineExecutionArn=arns[0])["PipelineDefinition"]
    assert json.loads(text) == definition([processing("A", OK)])
    assert client.describe_pipeline(PipelineName=name)["LastRunTime"] >= found["CreationTime"]


def test_versions(pipelines: Pipelines) -> None:
    name = pipelines.create([processing("A", OK)])
    client = pipelines.sagemaker
    changed = json.dumps(definition([processing("B", OK)]))
    answer = client.update_pipeline(PipelineName=name, PipelineDefinition=changed, PipelineDescription="two")
    assert answer["PipelineVersionId"] == 2
    described = client.describe_pipeline(PipelineName=answer["PipelineArn"])
    assert described["PipelineDefinition"] == changed
    assert described["PipelineDescription"] == "two"
    first = client.describe_pipeline(PipelineName=name, PipelineVersionId=1)
    assert json.loads(first["PipelineDefinition"])["Steps"][0]["Name"] == "A"
    arn = pipelines.start(name, PipelineVersionId=1)
    pipelines.end(arn)
    assert set(pipelines.steps(arn)) == {"A"}
    listed = client.list_pipeline_versions(PipelineName=name)["PipelineVersionSummaries"]
    assert [item["PipelineVersionId"] for item in listed] == [2, 1]
    assert listed[1]["LastExecutionPipelineExecutionArn"] == arn


def test_a_definition_can_come_from_s3(pipelines: Pipelines, s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="d.json", Body=json.dumps(definition([processing("A", OK)])).encode())
    name = f"p-{uuid.uuid4().hex[:12]}"
    location = {"Bucket": bucket, "ObjectKey": "d.json"}
    pipelines.sagemaker.create_pipeline(PipelineName=name, PipelineDefinitionS3Location=location, RoleArn=ROLE)
    assert pipelines.end(pipelines.start(name))["PipelineExecutionStatus"] == "Succeeded"


def test_names_are_unique_and_deletion_waits_for_the_end(pipelines: Pipelines) -> None:
    name = pipelines.create([processing("A", "import time; time.sleep(30)")])
    client = pipelines.sagemaker
    text = json.dumps(definition([processing("A", OK)]))
    with pytest.raises(ClientError, match="already exists"):
        client.create_pipeline(PipelineName=name, PipelineDefinition=text, RoleArn=ROLE)
    arn = pipelines.start(name)
    with pytest.raises(ClientError, match="ConflictException"):
        client.delete_pipeline(PipelineName=name)
    client.stop_pipeline_execution(PipelineExecutionArn=arn)
    pipelines.end(arn)
    client.delete_pipeline(PipelineName=name)
    for missing in (
        lambda: client.describe_pipeline(PipelineName=name),
        lambda: client.describe_pipeline_execution(PipelineExecutionArn=arn),
        lambda: client.list_pipeline_executions(PipelineName=name),
        lambda: client.start_pipeline_execution(PipelineName=name),
    ):
        with pytest.raises(ClientError, match="ResourceNotFound"):
            missing()


def test_pipelines_are_listed_by_prefix(pipelines: Pipelines) -> None:
    stem = f"list-{uuid.uuid4().hex[:8]}"
    text = json.dumps(definition([processing("A", OK)]))
    for name in "bac":
        pipelines.sagemaker.create_pipeline(PipelineName=f"{stem}-{name}", PipelineDefinition=text, RoleArn=ROLE)
    found = pipelines.sagemaker.list_pipelines(PipelineNamePrefix=stem, SortBy="Name", SortOrder="Ascending")
    assert [item["PipelineName"] for item in found["PipelineSummaries"]] == [f"{stem}-{name}" for name in "abc"]


def test_what_is_not_supported_says_so(pipelines: Pipelines) -> None:
    name = pipelines.create([processing("A", OK)])
    with pytest.raises(ClientError, match=r"NotImplemented.*MlflowExperimentName"):
        pipelines.start(name, MlflowExperimentName="x")


def test_an_ended_execution_keeps_its_status_when_it_is_renamed(pipelines: Pipelines) -> None:
    arn = pipelines.start(pipelines.create([processing("A", "import time; time.sleep(30)")]))
    pipelines.sagemaker.stop_pipeline_execution(PipelineExecutionArn=arn)
    assert pipelines.end(arn)["PipelineExecutionStatus"] == "Stopped"
    pipelines.sagemaker.update_pipeline_execution(PipelineExecutionArn=arn, PipelineExecutionDisplayName="old")
    assert pipelines.end(arn)["PipelineExecutionStatus"] == "Stopped"


def test_many_executions_at_once(pipelines: Pipelines) -> None:
    name = pipelines.create([processing("A", OK), processing("B", OK), after("C", "A", "B")])
    with ThreadPoolExecutor(8) as pool:
        arns = list(pool.map(lambda _: pipelines.start(name), range(16)))
    assert len(set(arns)) == 16
    assert {pipelines.end(arn)["PipelineExecutionStatus"] for arn in arns} == {"Succeeded"}
    assert all(len(pipelines.steps(arn)) == 3 for arn in arns)
