"""Executions on a real server: order, branches, failures, stop, retry, caching, selection."""

import itertools
import json
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError
from pipelines_kit import ROLE, Home, Pipelines, definition, home, processing

OK = "print('ok')"
BAD = "import sys; sys.exit('no good')"


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    server = home(tmp_path_factory.mktemp("pipelines")).up()
    yield server
    server.down()


@pytest.fixture(scope="module")
def pipelines(machine: Home) -> Pipelines:
    return Pipelines(machine.client("sagemaker"))


@pytest.fixture(scope="module")
def s3(machine: Home) -> Any:
    return machine.client("s3")


@pytest.fixture
def bucket(s3: Any) -> str:
    name = f"bucket-{uuid.uuid4().hex[:12]}"
    s3.create_bucket(Bucket=name)
    return name


def writer(name: str, content: dict[str, Any]) -> str:
    """A program that writes a JSON document into the output `name`."""
    return (
        "import json, os\n"
        "folder = os.environ['OUT']\n"
        f"open(os.path.join(folder, '{name}.json'), 'w').write({json.dumps(json.dumps(content))})"
    )


def gate_step(bucket: str, content: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A step that writes gate.json and declares it as the property file Gate."""
    return processing(
        "Evaluate",
        writer("gate", content),
        outputs={"gate": f"s3://{bucket}/gate"},
        arguments={"Environment": {"OUT": "/opt/ml/processing/gate"}},
        PropertyFiles=[{"PropertyFileName": "Gate", "OutputName": "gate", "FilePath": "gate.json"}],
        **more,
    )


def gate_value(path: str) -> dict[str, Any]:
    return {"Std:JsonGet": {"PropertyFile": {"Get": "Steps.Evaluate.PropertyFiles.Gate"}, "Path": path}}


def condition(path: str, least: Any, yes: list[Any], no: list[Any]) -> dict[str, Any]:
    holds = {"Type": "GreaterThanOrEqualTo", "LeftValue": gate_value(path), "RightValue": least}
    return {
        "Name": "Gate",
        "Type": "Condition",
        "Arguments": {"Conditions": [holds], "IfSteps": yes, "ElseSteps": no},
    }


def after(name: str, *others: str, program: str = OK) -> dict[str, Any]:
    return processing(name, program, DependsOn=list(others))


def fails(name: str, message: Any) -> dict[str, Any]:
    return {"Name": name, "Type": "Fail", "Arguments": {"ErrorMessage": message}}


# order and data


def test_data_passes_by_property_and_parameter(pipelines: Pipelines, s3: Any, bucket: str) -> None:
    first = processing(
        "First",
        writer("a", {"n": 1}),
        outputs={"out": {"Std:Join": {"On": "/", "Values": [{"Get": "Parameters.Base"}, "out"]}}},
        arguments={"Environment": {"OUT": "/opt/ml/processing/out"}},
    )
    uri = {"Get": "Steps.First.ProcessingOutputConfig.Outputs['out'].S3Output.S3Uri"}
    second = processing("Second", OK, inputs=[uri])
    parameters = [{"Name": "Base", "Type": "String", "DefaultValue": "s3://nowhere"}]
    name = pipelines.create([second, first], parameters)
    arn = pipelines.start(name, PipelineParameters=[{"Name": "Base", "Value": f"s3://{bucket}/base"}])
    assert pipelines.end(arn)["PipelineExecutionStatus"] == "Succeeded"
    steps = pipelines.steps(arn)
    assert list(steps) == ["First", "Second"]
    assert steps["First"]["EndTime"] <= steps["Second"]["StartTime"]
    assert json.loads(s3.get_object(Bucket=bucket, Key="base/out/a.json")["Body"].read()) == {"n": 1}
    job = steps["Second"]["Metadata"]["ProcessingJob"]["Arn"].rpartition("/")[2]
    described = pipelines.sagemaker.describe_processing_job(ProcessingJobName=job)
    assert described["ProcessingInputs"][0]["S3Input"]["S3Uri"] == f"s3://{bucket}/base/out"
    assert job.startswith(f"pipelines-{arn.rpartition('/')[2]}-Second-")
    found = pipelines.sagemaker.list_pipeline_parameters_for_execution(PipelineExecutionArn=arn)
    assert found["PipelineParameters"] == [{"Name": "Base", "Value": f"s3://{bucket}/base"}]
    tags = pipelines.sagemaker.list_tags(ResourceArn=described["ProcessingJobArn"])["Tags"]
    assert {"Key": "sagemaker:pipeline-step-name", "Value": "Second"} in tags


def test_branches_run_side_by_side(pipelines: Pipelines) -> None:
    nap = "import time; time.sleep(0.4)"
    status, steps = pipelines.run([processing("A", nap), processing("B", nap), after("C", "A", "B")])
    assert status == "Succeeded"
    assert steps["A"]["StartTime"] < steps["B"]["EndTime"]
    assert steps["B"]["StartTime"] < steps["A"]["EndTime"]
    assert steps["C"]["StartTime"] >= max(steps["A"]["EndTime"], steps["B"]["EndTime"])


def test_parallelism_can_be_limited(pipelines: Pipelines) -> None:
    steps = [processing(name, "import time; time.sleep(0.1)") for name in "ABC"]
    status, found = pipelines.run(steps, ParallelismConfiguration={"MaxParallelExecutionSteps": 1})
    assert status == "Succeeded"
    times = sorted((step["StartTime"], step["EndTime"]) for step in found.values())
    assert all(first[1] <= second[0] for first, second in itertools.pairwise(times))


# conditions


@pytest.mark.parametrize(("auc", "taken", "other"), [(0.9, "Good", "Bad"), (0.1, "Bad", "Good")])
def test_the_branch_that_was_not_taken_does_not_exist(
    pipelines: Pipelines, bucket: str, auc: float, taken: str, other: str
) -> None:
    gate = condition("metrics.auc.lower", 0.5, [after("Good"), after("Better", "Good")], [after("Bad")])
    steps = [gate_step(bucket, {"metrics": {"auc": {"lower": auc}}}), gate, after("Behind", other)]
    status, found = pipelines.run(steps)
    assert status == "Succeeded"
    assert set(found) == {"Evaluate", "Gate", taken} | ({"Better"} if taken == "Good" else set())
    assert found["Gate"]["Metadata"]["Condition"]["Outcome"] == ("True" if taken == "Good" else "False")


def test_fail_ends_the_execution_with_its_message(pipelines: Pipelines, bucket: str) -> None:
    message = {"Std:Join": {"On": " ", "Values": ["AUC", gate_value("auc"), "is too low:", gate_value("why")]}}
    gate = condition("auc", 0.5, [after("Good")], [fails("Reject", message)])
    name = pipelines.create([gate_step(bucket, {"auc": 0.25, "why": "noise"}), gate])
    arn = pipelines.start(name)
    found = pipelines.end(arn)
    assert found["PipelineExecutionStatus"] == "Failed"
    assert found["FailureReason"] == "Step failure: One or multiple steps failed."
    reject = pipelines.steps(arn)["Reject"]
    assert reject["StepStatus"] == "Failed"
    assert reject["Metadata"]["Fail"]["ErrorMessage"] == "AUC 0.25 is too low: noise"
    assert reject["FailureReason"] == "AUC 0.25 is too low: noise"


@pytest.mark.parametrize(
    ("content", "path", "sentence"),
    [
        ({"auc": 0.9}, "metrics.auc", "no 'metrics'"),
        ({"auc": "high"}, "auc", "cannot compare 'high'"),
        ({"auc": {"value": 1}}, "auc", "not a string, number or boolean"),
    ],
)
def test_a_gate_that_cannot_be_read_fails_its_step(
    pipelines: Pipelines, bucket: str, content: dict[str, Any], path: str, sentence: str
) -> None:
    status, found = pipelines.run([gate_step(bucket, content), condition(path, 0.5, [after("Good")], [])])
    assert status == "Failed"
    assert sentence in found["Gate"]["FailureReason"]


# failure, stop, retry


def test_a_failure_skips_dependents_and_lets_the_others_finish(pipelines: Pipelines) -> None:
    slow = processing("Slow", "import time; time.sleep(0.3)")
    status, found = pipelines.run(
        [processing("Broken", BAD), slow, after("Never", "Broken"), after("Still", "Slow"), after("Nor", "Never")]
    )
    assert status == "Failed"
    assert {name: step["StepStatus"] for name, step in found.items()} == {
        "Broken": "Failed",
        "Slow": "Succeeded",
        "Still": "Succeeded",
    }
    assert "no good" in found["Broken"]["FailureReason"]
    assert "exit code: 1" in found["Broken"]["FailureReason"]


def test_a_step_can_wait_for_a_failure(pipelines: Pipelines) -> None:
    notify = processing("Notify", OK, DependsOn=[{"Step": "Broken", "Trigger": "Failed"}])
    unused = processing("Unused", OK, DependsOn=[{"Step": "Fine", "Trigger": "Failed"}])
    status, found = pipelines.run([processing("Broken", BAD), processing("Fine", OK), notify, unused])
    assert status == "CompletedWithFailures"
    assert set(found) == {"Broken", "Fine", "Notify"}


def test_an_unknown_image_fails_the_step_with_what_to_do(pipelines: Pipelines) -> None:
    step = processing("Odd", OK)
    step["Arguments"]["AppSpecification"]["ImageUri"] = "123456789012.dkr.ecr.us-east-1.amazonaws.com/odd:2"
    status, found = pipelines.run([step])
    assert status == "Failed"
    assert "[[image]]" in found["Odd"]["FailureReason"]


def test_an_argument_that_turns_out_wrong_fails_its_step(pipelines: Pipelines) -> None:
    step = processing("Typed", OK)
    step["Arguments"]["ProcessingResources"]["ClusterConfig"]["InstanceCount"] = {"Get": "Parameters.Count"}
    name = pipelines.create([step], [{"Name": "Count", "Type": "Integer"}])
    arn = pipelines.start(name, PipelineParameters=[{"Name": "Count", "Value": "0"}])
    assert pipelines.end(arn)["PipelineExecutionStatus"] == "Failed"
    assert "InstanceCount: 0 is below the minimum of 1" in pipelines.steps(arn)["Typed"]["FailureReason"]


def test_stop_and_retry(pipelines: Pipelines, s3: Any, bucket: str) -> None:
    # The step succeeds once the flag is there: the first try is stopped, the retry goes through.
    wait = "import os, time\nwhile 'flag' not in os.listdir(os.environ['FLAGS']): time.sleep(60)"
    s3.put_object(Bucket=bucket, Key="other/x", Body=b"")
    step = processing(
        "Wait",
        wait,
        inputs=[f"s3://{bucket}/other"],
        arguments={"Environment": {"FLAGS": "/opt/ml/processing/in0"}},
        DependsOn=["Before"],
    )
    name = pipelines.create([processing("Before", OK), step, after("After", "Wait")])
    arn = pipelines.start(name)
    while "Wait" not in pipelines.steps(arn):
        time.sleep(0.01)
    pipelines.sagemaker.stop_pipeline_execution(PipelineExecutionArn=arn)
    assert pipelines.end(arn)["PipelineExecutionStatus"] == "Stopped"
    found = pipelines.steps(arn)
    assert {key: item["StepStatus"] for key, item in found.items()} == {"Before": "Succeeded", "Wait": "Stopped"}
    with pytest.raises(ClientError, match="Stopped"):
        pipelines.sagemaker.stop_pipeline_execution(PipelineExecutionArn=arn)

    first = found["Before"]["EndTime"]
    s3.put_object(Bucket=bucket, Key="other/flag", Body=b"")
    pipelines.sagemaker.retry_pipeline_execution(PipelineExecutionArn=arn)
    assert pipelines.end(arn)["PipelineExecutionStatus"] == "Succeeded"
    found = pipelines.steps(arn)
    assert {key: item["StepStatus"] for key, item in found.items()} == dict.fromkeys(found, "Succeeded")
    assert list(found) == ["Before", "Wait", "After"]
    assert found["Before"]["EndTime"] == first


def test_a_failed_execution_is_retried_under_its_own_name(pipelines: Pipelines, s3: Any, bucket: str) -> None:
    look = "import os, sys; sys.exit(0 if os.listdir(os.environ['IN']) else 'nothing there')"
    uri = f"s3://{bucket}/late"
    s3.put_object(Bucket=bucket, Key="late/", Body=b"")
    step = processing("Look", look, inputs=[uri], arguments={"Environment": {"IN": "/opt/ml/processing/in0"}})
    name = pipelines.create([processing("Before", OK), step | {"DependsOn": ["Before"]}, after("After", "Look")])
    arn = pipelines.start(name)
    assert pipelines.end(arn)["PipelineExecutionStatus"] == "Failed"
    before = pipelines.steps(arn)
    s3.put_object(Bucket=bucket, Key="late/file", Body=b"1")
    pipelines.sagemaker.retry_pipeline_execution(PipelineExecutionArn=arn)
    found = pipelines.end(arn)
    assert found["PipelineExecutionStatus"] == "Succeeded"
    assert "FailureReason" not in found
    after_ = pipelines.steps(arn)
    assert after_["Before"] == before["Before"]
    assert after_["Look"]["Metadata"] != before["Look"]["Metadata"]
    with pytest.raises(ClientError, match="ConflictException"):
        pipelines.sagemaker.retry_pipeline_execution(PipelineExecutionArn=arn)


# caching

CACHED = {"CacheConfig": {"Enabled": True, "ExpireAfter": "PT1H"}}


def test_caching(pipelines: Pipelines, machine: Home, bucket: str) -> None:
    def step(name: str, **arguments: Any) -> dict[str, Any]:
        return processing(
            name, OK, outputs={"out": f"s3://{bucket}/{name}"}, arguments=arguments, **json.loads(json.dumps(CACHED))
        )

    first = step("One", Environment={"FINGERPRINT": {"Get": "Parameters.Data"}})
    uri = {"Get": "Steps.One.ProcessingOutputConfig.Outputs['out'].S3Output.S3Uri"}
    second = step("Two")
    second["Arguments"]["Environment"] = {"INPUT": uri}
    parameters = [{"Name": "Data", "Type": "String", "DefaultValue": "v1"}]
    name = pipelines.create([first, second, after("Always", "Two")], parameters)

    def run(**more: Any) -> tuple[str, dict[str, str | None]]:
        arn = pipelines.start(name, **more)
        assert pipelines.end(arn)["PipelineExecutionStatus"] == "Succeeded"
        steps = pipelines.steps(arn)
        hits = {key: item.get("CacheHitResult", {}).get("SourcePipelineExecutionArn") for key, item in steps.items()}
        return arn, hits

    source, hits = run()
    assert hits == {"One": None, "Two": None, "Always": None}
    again, hits = run()
    assert hits == {"One": source, "Two": source, "Always": None}
    assert pipelines.steps(again)["One"]["Metadata"] == pipelines.steps(source)["One"]["Metadata"]

    _, hits = run(PipelineParameters=[{"Name": "Data", "Value": "v2"}])
    assert hits == {"One": None, "Two": source, "Always": None}, "what One wrote lies at the same address"

    # What AWS leaves out of the key: the size of the cluster, the role, the outputs.
    first["Arguments"]["ProcessingResources"]["ClusterConfig"]["VolumeSizeInGB"] = 7
    changed = json.dumps(definition([first, second, after("Always", "Two")], parameters))
    pipelines.sagemaker.update_pipeline(PipelineName=name, PipelineDefinition=changed)
    _, hits = run()
    assert hits["One"] == source

    # Another program is another key; another pipeline shares nothing.
    first["Arguments"]["AppSpecification"]["ContainerEntrypoint"][2] = "print('other')"
    changed = json.dumps(definition([first, second, after("Always", "Two")], parameters))
    pipelines.sagemaker.update_pipeline(PipelineName=name, PipelineDefinition=changed)
    assert run()[1]["One"] is None
    _, other = pipelines.run([step("One", Environment={"FINGERPRINT": "v1"})])
    assert "CacheHitResult" not in other["One"]

    machine.clock(3601)
    assert run()[1] == {"One": None, "Two": None, "Always": None}


def test_only_what_succeeded_is_taken_from_the_cache(pipelines: Pipelines, s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="in/", Body=b"")
    look = "import os, sys; sys.exit(0 if os.listdir(os.environ['IN']) else 'nothing there')"
    step = processing(
        "Look",
        look,
        inputs=[f"s3://{bucket}/in"],
        arguments={"Environment": {"IN": "/opt/ml/processing/in0"}},
        **CACHED,
    )
    name = pipelines.create([step])
    assert pipelines.end(pipelines.start(name))["PipelineExecutionStatus"] == "Failed"
    s3.put_object(Bucket=bucket, Key="in/file", Body=b"1")
    second = pipelines.start(name)
    assert pipelines.end(second)["PipelineExecutionStatus"] == "Succeeded"
    assert "CacheHitResult" not in pipelines.steps(second)["Look"]


# selective execution


def select(source: str | None, *names: str) -> dict[str, Any]:
    config: dict[str, Any] = {"SelectedSteps": [{"StepName": name} for name in names]}
    if source:
        config["SourcePipelineExecutionArn"] = source
    return {"SelectiveExecutionConfig": config}


def test_selected_steps_take_the_rest_from_an_earlier_execution(pipelines: Pipelines, bucket: str) -> None:
    gate = condition("auc", 0.5, [after("Good")], [after("Bad")])
    name = pipelines.create([processing("Prep", OK), gate_step(bucket, {"auc": 1.0}, DependsOn=["Prep"]), gate])
    source = pipelines.start(name)
    pipelines.end(source)
    arn = pipelines.start(name, **select(source, "Gate", "Good", "Bad"))
    assert pipelines.end(arn)["PipelineExecutionStatus"] == "Succeeded"
    found = pipelines.steps(arn)
    assert {key: "SelectiveExecutionResult" in step for key, step in found.items()} == {
        "Prep": True,
        "Evaluate": True,
        "Gate": False,
        "Good": False,
    }
    assert found["Prep"]["SelectiveExecutionResult"]["SourcePipelineExecutionArn"] == source
    only = pipelines.start(name, **select(None, "Prep"))
    pipelines.end(only)
    assert set(pipelines.steps(only)) == {"Prep"}


@pytest.mark.parametrize(
    ("names", "sentence"),
    [
        (["Absent"], "no step Absent"),
        (["Prep", "Gate"], "Evaluate lies between"),
        (["Bad"], "did not take"),
        (["Late"], "did not succeed"),
    ],
)
def test_selections_that_cannot_run(pipelines: Pipelines, bucket: str, names: list[str], sentence: str) -> None:
    gate = condition("auc", 0.5, [after("Good", program=BAD)], [after("Bad")])
    steps = [processing("Prep", OK), gate_step(bucket, {"auc": 1.0}, DependsOn=["Prep"]), gate, after("Late", "Good")]
    name = pipelines.create(steps)
    source = pipelines.start(name)
    pipelines.end(source)
    with pytest.raises(ClientError, match=sentence):
        pipelines.start(name, **select(source, *names))
    with pytest.raises(ClientError, match="SourcePipelineExecutionArn is needed"):
        pipelines.start(name, **select(None, "Gate"))


# pipelines and executions as things


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


# training, models, registration

IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/plain:1"


def training(bucket: str, **more: Any) -> dict[str, Any]:
    program = "import os; open(os.path.join(os.environ['MODEL'], 'model'), 'w').write('weights')"
    arguments = {
        "AlgorithmSpecification": {
            "TrainingImage": IMAGE,
            "TrainingInputMode": "File",
            "ContainerEntrypoint": ["python3", "-c", program],
        },
        "Environment": {"MODEL": "/opt/ml/model"},
        "OutputDataConfig": {"S3OutputPath": f"s3://{bucket}/models"},
        "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
        "ResourceConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 10},
        "RoleArn": ROLE,
    }
    return {"Name": "Train", "Type": "Training", "Arguments": arguments | more}


def register(group: str, url: Any) -> dict[str, Any]:
    inference = {
        "Containers": [{"Image": IMAGE, "ModelDataUrl": url}],
        "SupportedContentTypes": ["text/csv"],
        "SupportedResponseMIMETypes": ["text/csv"],
    }
    arguments = {
        "ModelPackageGroupName": group,
        "ModelApprovalStatus": {"Get": "Parameters.Approval"},
        "InferenceSpecification": inference,
        "CustomerMetadataProperties": {"execution": {"Get": "Execution.PipelineExecutionId"}},
    }
    return {"Name": "Register", "Type": "RegisterModel", "Arguments": arguments}


APPROVAL = [{"Name": "Approval", "Type": "String", "DefaultValue": "PendingManualApproval"}]


def test_train_create_a_model_and_register_it(pipelines: Pipelines, s3: Any, bucket: str) -> None:
    url = {"Get": "Steps.Train.ModelArtifacts.S3ModelArtifacts"}
    model = {
        "Name": "Model",
        "Type": "Model",
        "Arguments": {"ExecutionRoleArn": ROLE, "PrimaryContainer": {"Image": IMAGE, "ModelDataUrl": url}},
    }
    tell = processing("Tell", OK)
    tell["Arguments"]["Environment"] = {
        "MODEL": {"Get": "Steps.Model.ModelName"},
        "VERSION": {"Std:Join": {"On": "", "Values": [{"Get": "Steps.Register.ModelPackageVersion"}]}},
    }
    group = f"g-{uuid.uuid4().hex[:8]}"
    name = pipelines.create([training(bucket), model, register(group, url), tell], APPROVAL)
    client = pipelines.sagemaker
    for version in (1, 2):
        arn = pipelines.start(name)
        assert pipelines.end(arn)["PipelineExecutionStatus"] == "Succeeded", pipelines.steps(arn)
        steps = pipelines.steps(arn)
        package = client.describe_model_package(ModelPackageName=steps["Register"]["Metadata"]["RegisterModel"]["Arn"])
        assert package["ModelPackageVersion"] == version
        assert package["ModelApprovalStatus"] == "PendingManualApproval"
        assert package["CustomerMetadataProperties"] == {"execution": arn.rpartition("/")[2]}
        job = client.describe_processing_job(
            ProcessingJobName=steps["Tell"]["Metadata"]["ProcessingJob"]["Arn"].rpartition("/")[2]
        )
        assert job["Environment"]["VERSION"] == str(version)
        created = client.describe_model(ModelName=job["Environment"]["MODEL"])
        assert created["ModelArn"] == steps["Model"]["Metadata"]["Model"]["Arn"]
        assert created["PrimaryContainer"]["ModelDataUrl"].endswith("/output/model.tar.gz")


def test_a_registration_that_is_refused_registers_nothing(pipelines: Pipelines, bucket: str) -> None:
    group = f"g-{uuid.uuid4().hex[:8]}"
    name = pipelines.create([register(group, f"s3://{bucket}/absent.tar.gz")], APPROVAL)
    arn = pipelines.start(name)
    assert pipelines.end(arn)["PipelineExecutionStatus"] == "Failed"
    reason = pipelines.steps(arn)["Register"]["FailureReason"]
    assert reason.startswith("ClientError: Failed to invoke sagemaker:CreateModelPackage. Error Details:")
    assert "Could not find model data" in reason
    listed = pipelines.sagemaker.list_model_packages(ModelPackageGroupName=group)["ModelPackageSummaryList"]
    assert listed == []


def test_training_is_cached_by_its_hyperparameters_and_not_by_its_cluster(pipelines: Pipelines, bucket: str) -> None:
    def steps(eta: str, size: int) -> list[dict[str, Any]]:
        resources = {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": size}
        return [training(bucket, HyperParameters={"eta": eta}, ResourceConfig=resources) | CACHED]

    name = pipelines.create(steps("0.1", 10))
    hits = []
    for eta, size in (("0.1", 10), ("0.1", 20), ("0.2", 20)):
        text = json.dumps(definition(steps(eta, size)))
        pipelines.sagemaker.update_pipeline(PipelineName=name, PipelineDefinition=text)
        arn = pipelines.start(name)
        assert pipelines.end(arn)["PipelineExecutionStatus"] == "Succeeded", pipelines.steps(arn)
        hits.append("CacheHitResult" in pipelines.steps(arn)["Train"])
    assert hits == [False, True, False]
