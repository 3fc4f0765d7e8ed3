"""What callers of InvokeEndpoint see: answers, variants, chains, limits, and the errors of containers."""

import datetime
from collections import Counter
from typing import Any

import pytest
from botocore.exceptions import ClientError
from endpoints_kit import APP, eventually


@pytest.fixture(scope="module")
def plain(served: Any) -> str:
    """An endpoint with one variant and two instances."""
    name: str = served.endpoint(served.config(served.model("a"), instances=2))
    return name


def refusal(served: Any, name: str, body: bytes = b"x", **members: Any) -> dict[str, Any]:
    with pytest.raises(ClientError) as caught:
        served.invoke(name, body, **members)
    response: dict[str, Any] = caught.value.response
    return response


@pytest.mark.parametrize(("status", "side"), [("415 Unsupported", "client"), ("503 Not now", "server")])
def test_a_containers_error_is_424_with_its_status(served: Any, plain: str, status: str, side: str) -> None:
    found = refusal(served, plain, f"status {status}".encode())
    code = int(status.split()[0])
    assert found["Error"]["Code"] == "ModelError"
    assert f'Received {side} error ({code}) from primary with message "astatus {status}"' in found["Error"]["Message"]
    assert found["ResponseMetadata"]["HTTPStatusCode"] == 424
    assert (found["OriginalStatusCode"], found["OriginalMessage"]) == (code, f"astatus {status}")
    assert found["LogStreamArn"].endswith(f":log-group:/aws/sagemaker/Endpoints/{plain}")


def test_an_unknown_endpoint_and_an_unknown_variant(served: Any, plain: str) -> None:
    assert refusal(served, "nobody")["Error"]["Code"] == "ValidationError"
    found = refusal(served, plain, TargetVariant="nobody")
    assert (found["Error"]["Code"], found["ResponseMetadata"]["HTTPStatusCode"]) == ("ValidationError", 400)


def test_what_is_not_here_is_refused_by_name(served: Any, plain: str) -> None:
    assert "TargetModel" in refusal(served, plain, TargetModel="a.tar.gz")["Error"]["Message"]


def test_the_largest_payload_and_a_byte_more(served: Any, plain: str) -> None:
    assert len(served.invoke(plain, b"x" * (25 << 20))) == (25 << 20) + 1
    found = refusal(served, plain, b"x" * ((25 << 20) + 1))
    assert found["ResponseMetadata"]["HTTPStatusCode"] == 413
    assert found["Error"]["Message"] == "HTTP content length exceeded 26214400 bytes."
    assert served.invoke(plain) == b"ax"


def test_variants_get_their_weights_and_a_caller_may_choose(served: Any) -> None:
    name = served.endpoint(served.config(served.model("a"), served.model("b"), weights=(3.0, 1.0)))
    assert Counter(served.invoke(name) for _ in range(40)) == {b"ax": 30, b"bx": 10}
    assert {served.invoke(name, TargetVariant="variant-2") for _ in range(3)} == {b"bx"}
    desired = [{"VariantName": "variant-1", "DesiredWeight": 0.0}, {"VariantName": "variant-2", "DesiredWeight": 2.0}]
    served.sagemaker.update_endpoint_weights_and_capacities(EndpointName=name, DesiredWeightsAndCapacities=desired)
    variants = served.wait(name)["ProductionVariants"]
    assert [variant["CurrentWeight"] for variant in variants] == [0.0, 2.0]
    assert {served.invoke(name) for _ in range(5)} == {b"bx"}
    served.sagemaker.delete_endpoint(EndpointName=name)


def test_a_chain_passes_on_body_and_type(served: Any) -> None:
    name = served.endpoint(served.config(served.model("1", "2", "3")))
    assert served.invoke(name) == b"321x"
    found = refusal(served, name, b"status 400 Bad")
    assert "from container-1 with message" in found["Error"]["Message"]
    served.sagemaker.delete_endpoint(EndpointName=name)


def test_instances_are_added_and_taken_away(served: Any, plain: str) -> None:
    for count in (3, 1, 2):
        desired = [{"VariantName": "AllTraffic", "DesiredInstanceCount": count}]
        served.sagemaker.update_endpoint_weights_and_capacities(EndpointName=plain, DesiredWeightsAndCapacities=desired)
        (variant,) = served.wait(plain)["ProductionVariants"]
        assert (variant["CurrentInstanceCount"], variant["DesiredInstanceCount"]) == (count, count)
        assert served.invoke(plain) == b"ax"


def test_a_crash_is_a_model_error_and_the_container_comes_back(served: Any) -> None:
    name = served.endpoint(served.config(served.model("a")))
    found = refusal(served, name, b"crash")
    assert (found["Error"]["Code"], found["OriginalStatusCode"]) == ("ModelError", 500)

    def answers() -> bool:
        status, body = served.raw(name)
        assert (status, body) == (200, b"ax") or status == 503
        return status == 200

    eventually(answers)
    served.sagemaker.delete_endpoint(EndpointName=name)


def test_a_model_that_cannot_start_fails_with_the_reason(served: Any) -> None:
    name = served.name("failing")
    config = served.config(served.model("a", source="raise RuntimeError('planted')"))
    served.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=config)
    found = served.wait(name)
    assert found["EndpointStatus"] == "Failed"
    assert "did not pass the ping health check" in found["FailureReason"]
    assert "planted" in found["FailureReason"]
    with pytest.raises(ClientError, match="Cannot update endpoint"):
        served.sagemaker.update_endpoint(EndpointName=name, EndpointConfigName=config)
    served.sagemaker.delete_endpoint(EndpointName=name)


def test_metrics_with_both_sets_of_dimensions(served: Any) -> None:
    config = served.config(served.model("a"))
    name = served.endpoint(config)
    for body in (b"x", b"x", b"status 500 No", b"status 400 No"):
        served.raw(name, body)

    def statistic(metric: str, statistic: str, *dimensions: tuple[str, str]) -> float | None:
        now = datetime.datetime.now(datetime.UTC)
        found = served.cloudwatch.get_metric_statistics(
            Namespace="AWS/SageMaker",
            MetricName=metric,
            Dimensions=[{"Name": key, "Value": value} for key, value in dimensions],
            StartTime=now - datetime.timedelta(hours=1),
            EndTime=now + datetime.timedelta(hours=1),
            Period=86400,
            Statistics=[statistic],
        )["Datapoints"]
        return sum(point[statistic] for point in found) if found else None

    plain = (("EndpointName", name), ("VariantName", "AllTraffic"))
    exact = (*plain, ("EndpointConfigName", config))
    eventually(lambda: statistic("Invocations", "Sum", *plain) == 4)
    for dimensions in (plain, exact):
        assert statistic("Invocations", "Sum", *dimensions) == 4
        assert statistic("Invocation4XXErrors", "Average", *dimensions) == 0.25
        assert statistic("Invocation5XXErrors", "Average", *dimensions) == 0.25
        assert statistic("InvocationModelErrors", "Sum", *dimensions) == 2
        assert statistic("ModelLatency", "SampleCount", *dimensions) == 4
    assert statistic("InvocationsPerInstance", "Sum", *plain) == 4
    served.sagemaker.delete_endpoint(EndpointName=name)


def test_deletion_ends_processes_and_folders(served: Any) -> None:
    name = served.endpoint(served.config(served.model("gone", source=f"# {served.name('once')}\n{APP}")))
    folder = served.home / "serving"
    before = {path for path in folder.iterdir() if path.name != "models"}
    served.sagemaker.delete_endpoint(EndpointName=name)
    eventually(lambda: not served.sagemaker.list_endpoints(NameContains=name)["Endpoints"])
    assert len([path for path in folder.iterdir() if path.name != "models"]) == len(before) - 1


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"VariantName": "a", "ModelName": "nobody"}, "Could not find Model"),
        ({"ManagedInstanceScaling": {"Status": "ENABLED"}}, "ManagedInstanceScaling"),
        ({"InitialInstanceCount": None}, "InitialInstanceCount"),
    ],
)
def test_configurations_that_are_refused(served: Any, change: dict[str, Any], reason: str) -> None:
    variant = {"VariantName": "a", "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
    variant |= {"ModelName": change["ModelName"] if "ModelName" in change else served.model("a")}
    variant = {key: value for key, value in (variant | change).items() if value is not None}
    with pytest.raises(ClientError, match=reason):
        served.sagemaker.create_endpoint_config(EndpointConfigName=served.name("bad"), ProductionVariants=[variant])


def test_deletion_does_not_wait_for_a_model_that_is_still_loading(served: Any) -> None:
    name = served.name("loading")
    config = served.config(served.model("a", source=f"import time; time.sleep(600)\n{APP}"))
    served.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=config)
    assert refusal(served, name)["Error"]["Code"] == "ValidationError"
    served.sagemaker.delete_endpoint(EndpointName=name)
    eventually(lambda: not served.sagemaker.list_endpoints(NameContains=name)["Endpoints"])
