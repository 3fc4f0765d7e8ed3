"""ClarifyCheck steps: what they are told, which baseline they are held against, what others can ask of them."""

import json
from typing import Any

import pytest
from pipelines_kit import IMAGE, ROLE, Pipelines, processing

#: In the place of Clarify: it repeats what it was told.
PROGRAM = """
import json, os, pathlib as p
r = p.Path("/opt/ml/processing")
told = json.loads(os.environ["CHECK"])
told["baseline"] = [f.read_text() for f in sorted(r.glob("input/baseline/*"))]
(r / "output/analysis.json").write_text(json.dumps(told))
"""


def check(bucket: str, group: str = "", **more: Any) -> dict[str, Any]:
    step = processing("Check", PROGRAM)
    sink = {"S3Uri": f"s3://{bucket}/check", "LocalPath": "/opt/ml/processing/output", "S3UploadMode": "EndOfJob"}
    step["Arguments"]["ProcessingOutputConfig"] = {"Outputs": [{"OutputName": "analysis_result", "S3Output": sink}]}
    members = {"CheckType": "DATA_BIAS", "SkipCheck": False, "FailOnViolation": True, "RegisterNewBaseline": False}
    return step | members | {"Type": "ClarifyCheck", "ModelPackageGroupName": group or None} | more


def told(s3: Any, bucket: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(s3.get_object(Bucket=bucket, Key="check/analysis.json")["Body"].read())
    return found


def test_a_first_run_without_a_baseline_says_what_to_set(pipelines: Pipelines, bucket: str) -> None:
    status, steps = pipelines.run([check(bucket, "nobody")])
    assert status == "Failed"
    assert "set SkipCheck and RegisterNewBaseline" in steps["Check"]["FailureReason"]


def test_what_is_registered_anew_is_what_later_steps_read(pipelines: Pipelines, bucket: str, s3: Any) -> None:
    used = {"Get": "Steps.Check.BaselineUsedForDriftCheckConstraints"}
    after = processing("After", "print(open('/opt/ml/processing/in0/analysis.json').read())", inputs=[used])
    status, steps = pipelines.run([check(bucket, SkipCheck=True, RegisterNewBaseline=True), after])
    assert status == "Succeeded", steps
    calculated = f"s3://{bucket}/check/analysis.json"
    shown = steps["Check"]["Metadata"]["ClarifyCheck"]
    assert shown["CalculatedBaselineConstraints"] == shown["BaselineUsedForDriftCheckConstraints"] == calculated
    assert shown["CheckType"] == "DATA_BIAS"
    assert shown["CheckJobArn"].startswith("arn:")
    assert told(s3, bucket) == {
        "fail_on_violation": True,
        "BaselineUsedForDriftCheckConstraints": calculated,
        "baseline": [],
    }


def test_the_newest_approved_version_brings_the_baseline(pipelines: Pipelines, bucket: str, s3: Any) -> None:
    group = f"group-{bucket}"
    pipelines.sagemaker.create_model_package_group(ModelPackageGroupName=group)
    for number, status in enumerate(("Approved", "PendingManualApproval")):
        s3.put_object(Bucket=bucket, Key=f"earlier-{number}.json", Body=f"baseline {number}".encode())
        source = {"ContentType": "application/json", "S3Uri": f"s3://{bucket}/earlier-{number}.json"}
        pipelines.sagemaker.create_model_package(
            ModelPackageGroupName=group,
            ModelApprovalStatus=status,
            DriftCheckBaselines={"Bias": {"PreTrainingConstraints": source}},
            InferenceSpecification={
                "Containers": [{"Image": IMAGE}],
                "SupportedContentTypes": ["text/csv"],
                "SupportedResponseMIMETypes": ["text/csv"],
            },
        )
    status, steps = pipelines.run([check(bucket, group)])
    assert status == "Succeeded", steps
    assert told(s3, bucket)["baseline"] == ["baseline 0"]
    used = steps["Check"]["Metadata"]["ClarifyCheck"]["BaselineUsedForDriftCheckConstraints"]
    assert used == f"s3://{bucket}/earlier-0.json"
    _, steps = pipelines.run([check(bucket, group, SuppliedBaselineConstraints=f"s3://{bucket}/earlier-1.json")])
    assert told(s3, bucket)["baseline"] == ["baseline 1"]


def test_a_supplied_baseline_is_passed_on_when_the_check_is_skipped(pipelines: Pipelines, bucket: str, s3: Any) -> None:
    """As "Baseline calculation, drift detection and lifecycle", developer guide, has it: nothing is held against it."""
    supplied = f"s3://{bucket}/supplied.json"
    _, steps = pipelines.run([check(bucket, SkipCheck=True, SuppliedBaselineConstraints=supplied)])
    assert steps["Check"]["Metadata"]["ClarifyCheck"]["BaselineUsedForDriftCheckConstraints"] == supplied
    assert told(s3, bucket)["baseline"] == []


def test_it_has_no_retry_policy(pipelines: Pipelines, bucket: str) -> None:
    """As "Retry Policy for Pipeline Steps", developer guide, has it."""
    policy = {"ExceptionType": ["Step.THROTTLING"], "MaxAttempts": 2}
    with pytest.raises(pipelines.sagemaker.exceptions.ClientError, match="RetryPolicies"):
        pipelines.create([check(bucket, RetryPolicies=[policy])])


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("ProcessingJobArn", "has the properties BaselineUsedForDriftCheckConstraints, CalculatedBaselineConstraints"),
        ("CalculatedBaselineConstraints.S3Uri", "has the properties"),
    ],
    ids=["a job's", "below"],
)
def test_it_has_no_other_properties(pipelines: Pipelines, bucket: str, path: str, sentence: str) -> None:
    after = processing("After", "1", inputs=[{"Get": f"Steps.Check.{path}"}])
    with pytest.raises(pipelines.sagemaker.exceptions.ClientError, match=sentence):
        pipelines.create([check(bucket), after])


def test_a_model_that_cannot_be_asked_here_is_refused_by_name(pipelines: Pipelines, bucket: str) -> None:
    name = f"model-{bucket}"[:63]
    pipelines.sagemaker.create_model(ModelName=name, PrimaryContainer={"Image": IMAGE}, ExecutionRoleArn=ROLE)
    status, steps = pipelines.run([check(bucket, SkipCheck=True, CheckType="MODEL_BIAS", ModelName=name)])
    assert status == "Failed"
    assert "SAGEMAKER_SERVING_MODULE" in steps["Check"]["FailureReason"]
