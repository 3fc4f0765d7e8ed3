"""Executions on a real server: order, branches, failures, stop, retry."""

import itertools
import json
import time
from typing import Any

import pytest
from botocore.exceptions import ClientError
from pipelines_kit import (
    BAD,
    OK,
    Pipelines,
    after,
    condition,
    fails,
    gate_step,
    gate_value,
    processing,
    writer,
)

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
