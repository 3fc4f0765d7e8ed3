"""Deployments on a real server under steady traffic, with the clock at 120 times."""

import json
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

RATE = 120.0


class Traffic:
    """A client at a steady rate that tries nothing twice; `answers` are (status, body) in their order."""

    def __init__(self, served: Any, name: str) -> None:
        self._served = served
        self._name = name
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._send, daemon=True)
        self.answers: list[tuple[int, bytes]] = []

    def __enter__(self) -> "Traffic":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.set()
        self._thread.join()

    def _send(self) -> None:
        while not self._ending.wait(0.004):
            self.answers.append(self._served.raw(self._name))

    def after(self, count: int) -> None:
        """Wait until so many more have been answered."""
        end, wanted = time.monotonic() + 60, len(self.answers) + count
        while len(self.answers) < wanted:
            assert time.monotonic() < end
            time.sleep(0.01)


@pytest.fixture(scope="module")
def fast(served: Any) -> Iterator[Any]:
    served.clock(Rate=RATE)
    yield served
    served.clock(Rate=1.0)


def canary(*alarms: str, kind: str = "CANARY", wait: int = 120) -> dict[str, Any]:
    member = {"CANARY": "CanarySize", "LINEAR": "LinearStepSize"}.get(kind)
    size = {member: {"Type": "CAPACITY_PERCENT", "Value": 10 if kind == "CANARY" else 40}} if member else {}
    watched = {"AutoRollbackConfiguration": {"Alarms": [{"AlarmName": alarm} for alarm in alarms]}}
    return (watched if alarms else {}) | {
        "BlueGreenUpdatePolicy": {
            "TrafficRoutingConfiguration": {"Type": kind, "WaitIntervalInSeconds": wait, **size},
            "TerminationWaitInSeconds": 60,
            "MaximumExecutionTimeoutInSeconds": 3600,
        },
    }


def alarm(served: Any, endpoint: str, config: str) -> str:
    """Goes off when half of the requests to the configuration fail in a minute."""
    name: str = served.name("errors")
    dimensions = {"EndpointName": endpoint, "VariantName": "AllTraffic", "EndpointConfigName": config}
    served.cloudwatch.put_metric_alarm(
        AlarmName=name,
        Namespace="AWS/SageMaker",
        MetricName="Invocation5XXErrors",
        Dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()],
        Statistic="Average",
        Period=60,
        EvaluationPeriods=1,
        Threshold=0.5,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
        TreatMissingData="notBreaching",
    )
    return name


@pytest.mark.parametrize("kind", ["CANARY", "LINEAR", "ALL_AT_ONCE"])
def test_not_one_request_fails_during_a_good_deployment(fast: Any, kind: str) -> None:
    name = fast.endpoint(fast.config(fast.model("a")))
    new = fast.config(fast.model("b"), instances=2)
    with Traffic(fast, name) as traffic:
        traffic.after(20)
        fast.sagemaker.update_endpoint(EndpointName=name, EndpointConfigName=new, DeploymentConfig=canary(kind=kind))
        found = fast.sagemaker.describe_endpoint(EndpointName=name)
        assert found["EndpointStatus"] == "Updating"
        assert found["PendingDeploymentSummary"]["EndpointConfigName"] == new
        with pytest.raises(ClientError, match="Cannot update in-progress endpoint"):
            fast.sagemaker.update_endpoint(EndpointName=name, EndpointConfigName=new)
        found = fast.wait(name)
        traffic.after(20)
    assert (found["EndpointStatus"], found["EndpointConfigName"]) == ("InService", new)
    assert found["LastDeploymentConfig"] == canary(kind=kind)
    assert "PendingDeploymentSummary" not in found
    assert {answer for answer in traffic.answers if answer[0] != 200} == set()
    bodies = [body for _, body in traffic.answers]
    assert set(bodies) == {b"ax", b"bx"}
    assert set(bodies[-10:]) == {b"bx"}
    if kind == "CANARY":
        first = bodies.index(b"bx")
        share = [window.count(b"bx") for n in range(first, len(bodies)) if b"a" in (window := bodies[n : n + 100])[-1]]
        assert all(count <= 12 for count in share)
    fast.sagemaker.delete_endpoint(EndpointName=name)


def test_a_bad_canary_rolls_back_by_itself(fast: Any) -> None:
    old = fast.config(fast.model("a"))
    name = fast.endpoint(old)
    new = fast.config(fast.model("b", environment={"BAD": "yes"}))
    queue = fast.sqs.create_queue(QueueName=fast.name("events"))["QueueUrl"]
    arn = fast.sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    pattern = {"source": ["aws.sagemaker"], "detail": {"EndpointName": [name]}}
    fast.events.put_rule(Name=name, EventPattern=json.dumps(pattern))
    fast.events.put_targets(Rule=name, Targets=[{"Id": "queue", "Arn": arn}])
    guard = alarm(fast, name, new)
    with Traffic(fast, name) as traffic:
        traffic.after(20)
        config = canary(guard, wait=1200)
        fast.sagemaker.update_endpoint(EndpointName=name, EndpointConfigName=new, DeploymentConfig=config)
        found = fast.wait(name)
        traffic.after(100)
    assert (found["EndpointStatus"], found["EndpointConfigName"]) == ("InService", old)
    assert guard in found["FailureReason"]
    statuses = [status for status, _ in traffic.answers]
    assert 424 in statuses
    assert set(statuses[-50:]) == {200}
    assert all(statuses[n : n + 100].count(424) <= 12 for n in range(len(statuses)))
    seen = _events(fast, queue)
    assert ("SageMaker Endpoint Deployment State Change", "ROLLING_BACK") in seen
    assert ("SageMaker Endpoint State Change", "IN_SERVICE") in seen
    fast.sagemaker.delete_endpoint(EndpointName=name)


def _events(served: Any, queue: str) -> set[tuple[str, str]]:
    found: set[tuple[str, str]] = set()
    end = time.monotonic() + 60
    while ("SageMaker Endpoint State Change", "IN_SERVICE") not in found and time.monotonic() < end:
        messages = served.sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
        for message in messages:
            event = json.loads(message["Body"])
            found.add((event["detail-type"], event["detail"]["EndpointStatus"]))
            served.sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
        time.sleep(0.01)
    return found


def test_a_model_that_does_not_start_leaves_the_old_one(fast: Any) -> None:
    old = fast.config(fast.model("a"))
    name = fast.endpoint(old)
    broken = fast.config(fast.model("b", source="raise RuntimeError('planted')"))
    fast.sagemaker.update_endpoint(EndpointName=name, EndpointConfigName=broken, DeploymentConfig=canary())
    found = fast.wait(name)
    assert (found["EndpointStatus"], found["EndpointConfigName"]) == ("InService", old)
    assert "planted" in found["FailureReason"]
    assert fast.invoke(name) == b"ax"
    fast.sagemaker.delete_endpoint(EndpointName=name)


def test_properties_that_are_retained(fast: Any) -> None:
    name = fast.endpoint(fast.config(fast.model("a")))
    desired = [{"VariantName": "AllTraffic", "DesiredInstanceCount": 2, "DesiredWeight": 7.0}]
    fast.sagemaker.update_endpoint_weights_and_capacities(EndpointName=name, DesiredWeightsAndCapacities=desired)
    fast.wait(name)
    excluded = [{"VariantPropertyType": "DesiredWeight"}]
    fast.sagemaker.update_endpoint(
        EndpointName=name,
        EndpointConfigName=fast.config(fast.model("b")),
        RetainAllVariantProperties=True,
        ExcludeRetainedVariantProperties=excluded,
    )
    (variant,) = fast.wait(name)["ProductionVariants"]
    assert (variant["CurrentInstanceCount"], variant["CurrentWeight"]) == (2, 1.0)
    assert fast.invoke(name) == b"bx"
    fast.sagemaker.delete_endpoint(EndpointName=name)


def test_deletion_in_the_middle_of_a_deployment(fast: Any) -> None:
    name = fast.endpoint(fast.config(fast.model("a")))
    slow = canary(wait=1800)
    fast.sagemaker.update_endpoint(
        EndpointName=name, EndpointConfigName=fast.config(fast.model("b")), DeploymentConfig=slow
    )
    fast.sagemaker.delete_endpoint(EndpointName=name)
    end = time.monotonic() + 60
    while fast.sagemaker.list_endpoints(NameContains=name)["Endpoints"]:
        assert time.monotonic() < end
        time.sleep(0.01)


def test_alarms_that_do_not_exist_are_refused(fast: Any) -> None:
    name = fast.endpoint(fast.config(fast.model("a")))
    with pytest.raises(ClientError, match="nobody"):
        fast.sagemaker.update_endpoint(
            EndpointName=name, EndpointConfigName=fast.config(fast.model("b")), DeploymentConfig=canary("nobody")
        )
    fast.sagemaker.delete_endpoint(EndpointName=name)
