"""Requests to endpoints, with S3 as it is and SageMaker's answers as its documentation has them."""

import io
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from contract.errors import InputError
from mlops import invocations
from mlops.failures import RunError

Fresh = Callable[[str], str]


class Runtime:
    """sagemaker-runtime and sagemaker in one: `answer` is called with the members of the request."""

    def __init__(self, output: str, answer: Callable[..., Any]) -> None:
        self._output, self._answer, self.seen = output, answer, list[dict[str, Any]]()

    def describe_endpoint(self, EndpointName: str) -> dict[str, Any]:  # noqa: N803
        if not EndpointName.startswith("credit-prod"):
            error = {"Code": "ValidationException", "Message": f'Could not find endpoint "{EndpointName}".'}
            raise ClientError({"Error": error}, "DescribeEndpoint")
        queue = {"AsyncInferenceConfig": {"OutputConfig": {"S3OutputPath": self._output}}} if self._output else {}
        return {"EndpointName": EndpointName, **queue}

    def get_paginator(self, _: str) -> Any:
        return SimpleNamespace(paginate=lambda: [{"Endpoints": [{"EndpointName": "credit-prod"}]}])

    def invoke_endpoint(self, **request: Any) -> Any:
        return self._answer(**request)

    def invoke_endpoint_async(self, **request: Any) -> Any:
        self.seen.append(request)
        return self._answer(**request)


def stand_in(patch: pytest.MonkeyPatch, runtime: Runtime) -> None:
    real = boto3.client

    def client(service: str, **options: Any) -> Any:
        return runtime if service.startswith("sagemaker") else real(service, **options)

    patch.setattr(boto3, "client", client)


@pytest.fixture
def bucket(machine: Path, fresh: Fresh) -> str:
    name = fresh("async")
    boto3.client("s3").create_bucket(Bucket=name)
    return name


@pytest.mark.parametrize("failed", [False, True])
def test_a_queue_answers_or_fails_through_s3(bucket: str, monkeypatch: pytest.MonkeyPatch, failed: bool) -> None:
    s3 = boto3.client("s3")
    base = f"s3://{bucket}/deployments/credit/prod/async"

    def answer(**request: str) -> dict[str, str]:
        place = request["InputLocation"].partition(f"{bucket}/")[2]
        assert s3.get_object(Bucket=bucket, Key=place)["Body"].read() == b"1,2"
        key = "deployments/credit/prod/async/" + ("failed/1" if failed else "out/1")
        s3.put_object(Bucket=bucket, Key=key, Body=b'{"error": "Record 1: too old"}' if failed else b"yes,0.7,3")
        return {"OutputLocation": f"{base}/out/1", "FailureLocation": f"{base}/failed/1"}

    runtime = Runtime(f"{base}/out", answer)
    stand_in(monkeypatch, runtime)
    if failed:
        with pytest.raises(RunError, match=r"credit-prod-async failed: Record 1: too old"):
            invocations.invoke("credit-prod-async", b"1,2", "text/csv", None)
    else:
        assert invocations.invoke("credit-prod-async", b"1,2", "text/csv", "text/csv") == b"yes,0.7,3"
    assert runtime.seen[0]["InputLocation"].startswith(f"{base}/in/"), "where the endpoint's role may read"
    assert ("Accept" in runtime.seen[0]) != failed


def test_a_project_means_its_endpoint_in_production(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def answer(EndpointName: str, **_: Any) -> Any:  # noqa: N803
        asked.append(EndpointName)
        return {"Body": io.BytesIO(b"yes")}

    stand_in(monkeypatch, Runtime("", answer))
    assert invocations.invoke("credit", b"1", "text/csv", None) == b"yes"
    assert asked == ["credit-prod"]
    with pytest.raises(InputError, match="no endpoint 'churn'; there are: credit-prod"):
        invocations.invoke("churn", b"1", "text/csv", None)


def test_a_refusal_gives_the_containers_status_and_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**_: Any) -> Any:
        response: Any = {
            "Error": {"Code": "ModelError", "Message": "Received client error (400) from primary with message …"},
            "OriginalStatusCode": 400,
            "OriginalMessage": '{"error": "Record 1: the record lacks the field \'age\'."}',
            "ResponseMetadata": {"HTTPStatusCode": 424},
        }
        raise ClientError(response, "InvokeEndpoint")

    stand_in(monkeypatch, Runtime("", refuse))
    with pytest.raises(RunError, match="credit-prod answered 400: Record 1: the record lacks the field 'age'"):
        invocations.invoke("credit-prod", b"{}", "application/json", None)
