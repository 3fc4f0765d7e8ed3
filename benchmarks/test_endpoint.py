"""Requests a second through a local endpoint: client, server and container share one core.

It is the emulator's figure and says nothing of AWS's serving stack; that one stands in test_inference.py.
"""

import os
import statistics
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest

from benchmarks.http_load import post, rate
from benchmarks.test_inference import Case, case
from local_aws import launch

__all__ = ["case"]  # the fixture

pytestmark = [pytest.mark.bench, pytest.mark.timeout(1800)]

IMAGES = Path(__file__).parents[1] / "containers" / "images.toml"
IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:3.2-0"
SERVING = {"SAGEMAKER_SERVING_MODULE": "inference.app:app", "PYTHONPATH": "/opt/ml/model/code"}
CONSTANT = {"SAGEMAKER_SERVING_MODULE": "constant:app", "PYTHONPATH": "/opt/ml/model/code"}

#: `app` answers at once: what is left is the way through the emulator.
PROGRAM = """
def app(environ, start_response):
    environ["wsgi.input"].read()
    start_response("200 OK", [("Content-Type", "text/csv"), ("Content-Length", "4")])
    return [b"0.5\\n"]
"""

CAPTURE = {
    "EnableCapture": True,
    "InitialSamplingPercentage": 100,
    "DestinationS3Uri": "s3://bench/capture",
    "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}],
}

LEAST, KEPT = 3000.0, 0.9
ROUNDS, SECONDS = 5, 2.0

#: Kept connections at once.
CLIENTS = (1, 8)


class Bench:
    """A server on core 0, with this process beside it."""

    def __init__(self, home: Path, artefact: Path) -> None:
        self.status = launch.up(home, IMAGES)
        keys = {"aws_access_key_id": "local", "aws_secret_access_key": "local", "region_name": "us-east-1"}
        self.sagemaker: Any = boto3.client("sagemaker", endpoint_url=self.status.Endpoint, **keys)
        self.s3: Any = boto3.client("s3", endpoint_url=self.status.Endpoint, **keys)
        self.s3.create_bucket(Bucket="bench")
        packed = home / "model.tar.gz"
        (home / "constant.py").write_text(PROGRAM)
        with tarfile.open(packed, "w:gz") as tar:
            tar.add(artefact, arcname=".")
            tar.add(home / "constant.py", arcname="code/constant.py")
        self.s3.upload_file(str(packed), "bench", "model.tar.gz")

    def model(self, name: str, environment: dict[str, str]) -> None:
        container = {"Image": IMAGE, "ModelDataUrl": "s3://bench/model.tar.gz", "Environment": environment}
        role = "arn:aws:iam::123456789012:role/bench"
        self.sagemaker.create_model(ModelName=name, ExecutionRoleArn=role, PrimaryContainer=container)

    def transform(self, name: str, file: Path, environment: dict[str, str], joined: bool) -> float:
        """Seconds that a job takes for a file of CSV, from its start to its end as it tells them."""
        self.model(name, environment)
        self.s3.upload_file(str(file), "bench", f"{name}/rows.csv")
        source = {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": f"s3://bench/{name}/"}}
        self.sagemaker.create_transform_job(
            TransformJobName=name,
            ModelName=name,
            BatchStrategy="MultiRecord",
            MaxPayloadInMB=6,
            TransformInput={"DataSource": source, "ContentType": "text/csv", "SplitType": "Line"},
            TransformOutput={"S3OutputPath": f"s3://bench/out-{name}", "AssembleWith": "Line", "Accept": "text/csv"},
            TransformResources={"InstanceType": "ml.m5.large", "InstanceCount": 1},
            DataProcessing={"JoinSource": "Input" if joined else "None"},
        )
        waiter = self.sagemaker.get_waiter("transform_job_completed_or_stopped")
        waiter.wait(TransformJobName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 300})
        found = self.sagemaker.describe_transform_job(TransformJobName=name)
        assert found["TransformJobStatus"] == "Completed", found
        return float((found["TransformEndTime"] - found["TransformStartTime"]).total_seconds())

    def endpoint(self, name: str, environment: dict[str, str], **members: Any) -> str:
        self.model(name, environment)
        variant = {"VariantName": "AllTraffic", "ModelName": name}
        variant |= {"InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
        self.sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant], **members)
        self.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
        waiter = self.sagemaker.get_waiter("endpoint_in_service")
        waiter.wait(EndpointName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 120})
        return name

    def rate(self, name: str, requests: list[bytes], clients: int) -> float:
        port = urlsplit(self.status.Endpoint).port or 0
        return rate(port, [_to(name, request) for request in requests], SECONDS, clients)


def _to(endpoint: str, request: bytes) -> bytes:
    return request.replace(b"POST /invocations ", f"POST /endpoints/{endpoint}/invocations ".encode(), 1)


@pytest.fixture(scope="module")
def bench(case: Case, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    home, cores = tmp_path_factory.mktemp("bench") / "home", os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})
    try:
        yield Bench(home, case.artefact)
    finally:
        os.sched_setaffinity(0, cores)
        launch.down(home)


def test_requests_through_a_local_endpoint(bench: Bench, case: Case) -> None:
    requests = [post(line, "text/csv") for line in case.rows.read_bytes().splitlines(keepends=True)[:500]]
    names = {
        "constant": bench.endpoint("constant", CONSTANT),
        "inference": bench.endpoint("inference", SERVING),
        "inference, captured": bench.endpoint("captured", SERVING, DataCaptureConfig=CAPTURE),
    }
    rounds: dict[tuple[str, int], list[float]] = {(name, clients): [] for name in names for clients in CLIENTS}
    for _ in range(ROUNDS):  # in turns, so that all meet the same machine
        for name, clients in rounds:
            rounds[name, clients].append(bench.rate(names[name], requests, clients))
    rates = {key: statistics.median(found) for key, found in rounds.items()}
    load = os.getloadavg()[0]
    print(f"\n{f'requests/s of one CSV record, one core for all, load {load:.1f}':60}" + "".join(map(_column, CLIENTS)))
    for name in names:
        print(f"{name:60}" + "".join(f"{rates[name, clients]:12,.0f}" for clients in CLIENTS))
    most = CLIENTS[-1]
    assert rates["inference", most] >= LEAST
    assert rates["inference, captured", most] >= KEPT * rates["inference", most]


def _column(clients: int) -> str:
    return f"{clients} client{'s' * (clients > 1)}".rjust(12)
