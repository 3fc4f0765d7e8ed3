"""Asynchronous endpoints on a real server: results, failures, messages, the way down to zero and back, a kill."""

import base64
from pathlib import Path
from typing import Any

import pytest
from asynchronous_kit import GATED, NAMESPACE, Queue, connect
from botocore.exceptions import ClientError
from endpoints_kit import eventually


@pytest.fixture(scope="module")
def queue(served: Any) -> Queue:
    return Queue(served, include=True)


def test_a_result_is_where_the_answer_said(queue: Queue) -> None:
    answer = queue.send(b"one", InferenceId="first", CustomAttributes="c")
    assert answer["InferenceId"] == "first"
    assert answer["OutputLocation"].startswith(f"s3://{queue.bucket}/out/")
    assert answer["OutputLocation"].endswith(".out")
    assert answer["FailureLocation"].startswith(f"s3://{queue.bucket}/failed/")
    assert answer["FailureLocation"].endswith("-error.out")
    assert queue.result(answer) == b"one"
    message = queue.told("success")
    assert message["invocationStatus"] == "Completed"
    assert message["inferenceId"] == "first"
    assert message["requestParameters"]["endpointName"] == queue.endpoint
    assert message["responseParameters"] == {"contentType": "text/plain", "outputLocation": answer["OutputLocation"]}
    assert base64.b64decode(message["responseBody"]["content"]) == b"one"
    assert (message["eventSource"], message["eventName"]) == ("aws:sagemaker", "InferenceResult")


def test_a_name_of_ones_own_and_a_body_that_comes_along(queue: Queue) -> None:
    answer = queue.client.runtime.invoke_endpoint_async(
        EndpointName=queue.endpoint, Body=b"inline", S3OutputPathExtension="a/b", Filename="served.csv"
    )
    assert answer["OutputLocation"] == f"s3://{queue.bucket}/out/a/b/served.csv"
    assert queue.result(answer) == b"inline"
    assert "inputLocation" not in queue.told("success")["requestParameters"]


@pytest.mark.parametrize(
    ("body", "reason"),
    [(b"status 400 Bad", "Received client error (400)"), (b"status 500 Oh", "Received server error (500)")],
)
def test_what_the_model_refuses_goes_to_the_failure_path(queue: Queue, body: bytes, reason: str) -> None:
    answer = queue.send(body)
    message = queue.told("error")
    assert message["invocationStatus"] == "Failed"
    assert reason in message["failureReason"]
    assert base64.b64decode(message["responseBody"]["content"]) == body
    assert queue.read(answer["FailureLocation"]) == body
    assert queue.read(answer["OutputLocation"]) is None


def test_an_input_that_is_not_there_fails(queue: Queue) -> None:
    place = f"s3://{queue.bucket}/nothing"
    answer = queue.client.runtime.invoke_endpoint_async(EndpointName=queue.endpoint, InputLocation=place)
    message = queue.told("error")
    assert place in message["failureReason"]
    assert "responseBody" not in message
    assert place.encode() in (queue.read(answer["FailureLocation"]) or b"")


def test_a_request_that_takes_its_instance_along_fails_in_the_end(queue: Queue) -> None:
    queue.send(b"crash")
    assert "lost 3 times" in queue.told("error")["failureReason"]
    assert queue.result(queue.send(b"after")) == b"after"
    queue.told("success")


def test_each_way_to_invoke_has_its_endpoints(queue: Queue) -> None:
    with pytest.raises(ClientError, match="use InvokeEndpointAsync") as caught:
        queue.client.invoke(queue.endpoint)
    assert caught.value.response["Error"]["Code"] == "ValidationError"
    with pytest.raises(ClientError, match="not found"):
        queue.client.runtime.invoke_endpoint_async(EndpointName="nowhere", InputLocation="s3://b/k")
    with pytest.raises(ClientError, match="Exactly one of InputLocation and Body"):
        queue.client.runtime.invoke_endpoint_async(EndpointName=queue.endpoint)
    plain = queue.client.endpoint(queue.client.config(queue.client.model("")))
    with pytest.raises(ClientError, match="not an asynchronous"):
        queue.client.runtime.invoke_endpoint_async(EndpointName=plain, InputLocation="s3://b/k")


CAPTURE = {
    "EnableCapture": True,
    "InitialSamplingPercentage": 100,
    "DestinationS3Uri": "s3://models/capture",
    "CaptureOptions": [{"CaptureMode": "Input"}],
}


@pytest.mark.parametrize(
    ("marks", "variants", "members", "said"),
    [
        (("",), 2, {}, "one production variant"),
        (("", ""), 1, {}, "pipelines are not supported"),
        (("",), 1, {"DataCaptureConfig": CAPTURE}, "capture is not supported"),
    ],
)
def test_what_aws_refuses(served: Any, marks: tuple[str, ...], variants: int, members: Any, said: str) -> None:
    model = served.model(*marks)
    output = {"OutputConfig": {"S3OutputPath": "s3://models/out"}}
    with pytest.raises(ClientError, match=said):
        served.config(*[model] * variants, AsyncInferenceConfig=output, **members)


def test_down_to_zero_and_back(served: Any) -> None:
    """As the template has it: tracking takes the last instance away, the alarm on a backlog brings one back."""
    queue = Queue(served)
    scaling = connect(served, "application-autoscaling")
    place = {
        "ServiceNamespace": "sagemaker",
        "ResourceId": f"endpoint/{queue.endpoint}/variant/AllTraffic",
        "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
    }
    where = [{"Name": "EndpointName", "Value": queue.endpoint}]
    scaling.register_scalable_target(MinCapacity=0, MaxCapacity=2, **place)
    metric = {"Namespace": NAMESPACE, "MetricName": "ApproximateBacklogSizePerInstance", "Statistic": "Average"}
    scaling.put_scaling_policy(
        PolicyName="backlog",
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration={
            "TargetValue": 5.0,
            "CustomizedMetricSpecification": metric | {"Dimensions": where},
        },
        **place,
    )
    step = {"AdjustmentType": "ChangeInCapacity", "Cooldown": 60}
    step["StepAdjustments"] = [{"MetricIntervalLowerBound": 0, "ScalingAdjustment": 1}]
    arn = scaling.put_scaling_policy(
        PolicyName="wake", PolicyType="StepScaling", StepScalingPolicyConfiguration=step, **place
    )["PolicyARN"]
    served.cloudwatch.put_metric_alarm(
        AlarmName="wake",
        Namespace=NAMESPACE,
        MetricName="HasBacklogWithoutCapacity",
        Dimensions=where,
        Statistic="Average",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
        TreatMissingData="notBreaching",
        AlarmActions=[arn],
    )

    def instances() -> int:
        variant = served.sagemaker.describe_endpoint(EndpointName=queue.endpoint)["ProductionVariants"][0]
        return int(variant["CurrentInstanceCount"])

    try:
        served.clock(Rate=600)
        eventually(lambda: instances() == 0)
        served.clock(Rate=60)  # six hours, after which a request expires, are long enough then
        answer = queue.send(b"wake up")
        assert queue.result(answer) == b"wake up"
    finally:
        served.clock(Rate=1)
    assert (
        queue.metric("HasBacklogWithoutCapacity", "Maximum"),
        queue.metric("ApproximateBacklogSize", "Maximum"),
    ) == (
        1.0,
        1.0,
    )
    causes = [
        item["Cause"] for item in scaling.describe_scaling_activities(ServiceNamespace="sagemaker")["ScalingActivities"]
    ]
    assert any("triggered policy wake" in cause for cause in causes)
    assert any("AlarmLow" in cause for cause in causes)


def test_what_waits_too_long_expires(served: Any, tmp_path: Path) -> None:
    queue = Queue(served, source=GATED, environment={"GATE": str(tmp_path / "gate")}, concurrency=1)
    first = queue.send(b"first")
    second = queue.send(b"second", RequestTTLSeconds=60)
    served.clock(Offset=120)
    message = queue.told("error")
    assert message["inferenceId"] == second["InferenceId"]
    assert "expired" in message["failureReason"]
    (tmp_path / "gate").touch()
    assert queue.result(first) == b"first"
    assert queue.metric("ExpiredRequests") == 1.0


def test_requests_outlive_a_kill(served: Any, tmp_path: Path) -> None:
    """Those that wait and those that were being answered; the instances come back and answer all of them."""
    gate = tmp_path / "gate"
    queue = Queue(served, source=GATED, environment={"GATE": str(gate)})
    answers = [queue.send(b"%d" % number) for number in range(6)]
    served.kill()
    served.up()
    assert all(queue.read(answer["OutputLocation"]) is None for answer in answers)
    gate.touch()
    assert [queue.result(answer) for answer in answers] == [b"%d" % number for number in range(6)]
    told = {queue.told("success")["inferenceId"] for _ in answers}
    assert told == {answer["InferenceId"] for answer in answers}
