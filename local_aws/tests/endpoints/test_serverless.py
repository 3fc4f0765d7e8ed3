"""Serverless endpoints on a real server: cold starts, the limit of concurrency, idleness, warm copies."""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from asynchronous_kit import connect, now
from botocore.exceptions import ClientError
from endpoints_kit import eventually

#: Answers with the id of its process; "wait PATH" answers once the file is there.
WHO = """
import os, pathlib, time
def app(environ, start_response):
    body = b"" if environ["PATH_INFO"] == "/ping" else environ["wsgi.input"].read()
    if body.startswith(b"wait "):
        pathlib.Path(body[5:].decode() + f".{os.getpid()}").touch()
        while not os.path.exists(body[5:].decode()):
            time.sleep(0.01)
    answer = str(os.getpid()).encode()
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(answer)))])
    return [answer]
"""


def endpoint(client: Any, source: str = WHO, **settings: int) -> str:
    """A serverless endpoint in service."""
    name = client.name("config")
    variant = {
        "VariantName": "AllTraffic",
        "ModelName": client.model("", source=source),
        "ServerlessConfig": {"MemorySizeInMB": 1024, "MaxConcurrency": 2} | settings,
    }
    client.sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant])
    return str(client.endpoint(name))


def code(caught: pytest.ExceptionInfo[ClientError]) -> tuple[str, int]:
    response = caught.value.response
    return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]


def metric(client: Any, name: str, where: str, statistic: str) -> list[float]:
    moment = now(client)
    answer = client.cloudwatch.get_metric_statistics(
        Namespace="AWS/SageMaker",
        MetricName=name,
        Dimensions=[{"Name": "EndpointName", "Value": where}, {"Name": "VariantName", "Value": "AllTraffic"}],
        StartTime=moment - 80000,
        EndTime=moment + 60,
        Period=60,
        Statistics=[statistic],
    )
    return [point[statistic] for point in answer["Datapoints"]]


def alive(process: bytes) -> bool:
    """Whether a process still runs."""
    try:
        return Path(f"/proc/{int(process)}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_one_instance_answers_until_it_is_idle(served: Any) -> None:
    name = endpoint(served)
    found = served.sagemaker.describe_endpoint(EndpointName=name)["ProductionVariants"][0]
    assert found["CurrentServerlessConfig"] == {"MemorySizeInMB": 1024, "MaxConcurrency": 2}
    assert "CurrentInstanceCount" not in found
    first = served.invoke(name)
    assert served.invoke(name) == first
    served.clock(Offset=200)
    assert served.invoke(name) == first
    served.clock(Offset=301)
    eventually(lambda: not alive(first))
    assert served.invoke(name) != first
    assert sum(metric(served, "ModelSetupTime", name, "SampleCount")) == 2  # cold starts


def test_beyond_its_concurrency_requests_are_throttled(served: Any, tmp_path: Any) -> None:
    name = endpoint(served)
    gate = tmp_path / "gate"
    runtime = connect(served, "sagemaker-runtime")

    def wait() -> bytes:
        answer: bytes = runtime.invoke_endpoint(EndpointName=name, Body=f"wait {gate}".encode())["Body"].read()
        return answer

    with ThreadPoolExecutor(2) as threads:
        waiting = [threads.submit(wait) for _ in range(2)]
        eventually(lambda: len(list(tmp_path.glob("gate.*"))) == 2)
        with pytest.raises(ClientError) as caught:
            served.invoke(name)
        gate.touch()
        processes = {one.result() for one in waiting}
    assert code(caught) == ("ThrottlingException", 429)
    assert len(processes) == 2
    assert served.invoke(name) in processes


def test_limits_of_the_mode(served: Any) -> None:
    name = endpoint(served)
    limit = 4 * 1024 * 1024
    assert served.raw(name, b"x" * limit)[0] == 200
    assert served.raw(name, b"x" * (limit + 1))[0] == 413


def test_a_model_that_does_not_answer_its_ping_fails(served: Any) -> None:
    name, config = served.name("endpoint"), served.name("config")
    variant = {
        "VariantName": "AllTraffic",
        "ModelName": served.model("", source="raise RuntimeError('planted')"),
        "ServerlessConfig": {"MemorySizeInMB": 1024, "MaxConcurrency": 1},
    }
    served.sagemaker.create_endpoint_config(EndpointConfigName=config, ProductionVariants=[variant])
    served.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=config)
    found = served.wait(name)
    assert found["EndpointStatus"] == "Failed"
    assert "ping health check" in found["FailureReason"]


def test_warm_copies_stay_and_follow_their_use(served: Any, tmp_path: Any) -> None:
    name = endpoint(served, ProvisionedConcurrency=1, MaxConcurrency=4)
    scaling = connect(served, "application-autoscaling")
    place = {
        "ServiceNamespace": "sagemaker",
        "ResourceId": f"endpoint/{name}/variant/AllTraffic",
        "ScalableDimension": "sagemaker:variant:DesiredProvisionedConcurrency",
    }
    scaling.register_scalable_target(MinCapacity=1, MaxCapacity=2, **place)
    specification = {"PredefinedMetricType": "SageMakerVariantProvisionedConcurrencyUtilization"}
    policy = {"TargetValue": 0.7, "PredefinedMetricSpecification": specification, "ScaleInCooldown": 0}

    def provisioned() -> int:
        found = served.sagemaker.describe_endpoint(EndpointName=name)["ProductionVariants"][0]
        return int(found["CurrentServerlessConfig"]["ProvisionedConcurrency"])

    def minute() -> bool:
        served.clock(Offset=60)
        time.sleep(0.2)  # the alarms look at the clock ten times a second
        return True

    gate = tmp_path / "gate"
    runtime = connect(served, "sagemaker-runtime")
    with ThreadPoolExecutor(2) as threads:
        busy = [threads.submit(runtime.invoke_endpoint, EndpointName=name, Body=f"wait {gate}") for _ in range(2)]
        eventually(lambda: len(list(tmp_path.glob("gate.*"))) == 2)
        scaling.put_scaling_policy(
            PolicyName="use",
            PolicyType="TargetTrackingScaling",
            TargetTrackingScalingPolicyConfiguration=policy,
            **place,
        )
        eventually(lambda: minute() and provisioned() == 2)
        gate.touch()
        assert {one.result()["ResponseMetadata"]["HTTPStatusCode"] for one in busy} == {200}
    try:
        served.clock(Rate=600)
        eventually(lambda: provisioned() == 1)
    finally:
        served.clock(Rate=1)
    assert max(metric(served, "ServerlessProvisionedConcurrencyUtilization", name, "Maximum")) == 2.0
    assert alive(served.invoke(name))


VPC = {"VpcConfig": {"Subnets": ["subnet-1"], "SecurityGroupIds": ["sg-1"]}}


@pytest.mark.parametrize(
    ("marks", "model", "settings", "said"),
    [
        (("",), VPC, {}, "VpcConfig"),
        (("",), {"EnableNetworkIsolation": True}, {}, "EnableNetworkIsolation"),
        (("", ""), {}, {}, "several containers"),
        (("",), {}, {"MemorySizeInMB": 1500}, "MemorySizeInMB must be one of 1024"),
        (("",), {}, {"ProvisionedConcurrency": 3}, "less than or equal to MaxConcurrency"),
    ],
)
def test_what_aws_refuses(served: Any, marks: tuple[str, ...], model: Any, settings: Any, said: str) -> None:
    variant = {
        "VariantName": "AllTraffic",
        "ModelName": served.model(*marks, **model),
        "ServerlessConfig": {"MemorySizeInMB": 1024, "MaxConcurrency": 2} | settings,
    }
    with pytest.raises(ClientError, match=said):
        served.sagemaker.create_endpoint_config(EndpointConfigName=served.name("c"), ProductionVariants=[variant])


def test_traffic_moves_all_at_once_only(served: Any) -> None:
    name = endpoint(served)
    canary = {"Type": "CANARY", "CanarySize": {"Type": "CAPACITY_PERCENT", "Value": 10}, "WaitIntervalInSeconds": 1}
    config = served.sagemaker.describe_endpoint(EndpointName=name)["EndpointConfigName"]
    with pytest.raises(ClientError, match="ALL_AT_ONCE"):
        served.sagemaker.update_endpoint(
            EndpointName=name,
            EndpointConfigName=config,
            DeploymentConfig={"BlueGreenUpdatePolicy": {"TrafficRoutingConfiguration": canary}},
        )
    with pytest.raises(ClientError, match="has no DesiredInstanceCount"):
        served.sagemaker.update_endpoint_weights_and_capacities(
            EndpointName=name,
            DesiredWeightsAndCapacities=[{"VariantName": "AllTraffic", "DesiredInstanceCount": 2}],
        )


def test_a_scaled_variant_keeps_its_instance_type_and_at_least_one_instance(served: Any) -> None:
    model = served.model("")
    name = served.endpoint(served.config(model))
    scaling = connect(served, "application-autoscaling")
    place = {
        "ServiceNamespace": "sagemaker",
        "ResourceId": f"endpoint/{name}/variant/AllTraffic",
        "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
    }
    with pytest.raises(ClientError, match="at least 1"):
        scaling.register_scalable_target(MinCapacity=0, MaxCapacity=2, **place)
    scaling.register_scalable_target(MinCapacity=2, MaxCapacity=2, **place)
    assert served.wait(name)["ProductionVariants"][0]["CurrentInstanceCount"] == 2
    (activity,) = scaling.describe_scaling_activities(**place)["ScalingActivities"]
    assert (activity["Cause"], activity["StatusCode"]) == ("minimum capacity was set to 2", "Successful")
    variant = {
        "VariantName": "AllTraffic",
        "ModelName": model,
        "InstanceType": "ml.c5.large",
        "InitialInstanceCount": 1,
    }
    other = served.name("config")
    served.sagemaker.create_endpoint_config(EndpointConfigName=other, ProductionVariants=[variant])
    with pytest.raises(ClientError, match="deregister it before"):
        served.sagemaker.update_endpoint(EndpointName=name, EndpointConfigName=other)
    scaling.deregister_scalable_target(**place)
    served.sagemaker.update_endpoint(EndpointName=name, EndpointConfigName=other)
    assert served.wait(name)["EndpointConfigName"] == other
    with pytest.raises(ClientError, match="does not exist"):
        scaling.register_scalable_target(
            MinCapacity=1, MaxCapacity=2, **place | {"ResourceId": "endpoint/nowhere/variant/AllTraffic"}
        )
