"""What makes endpoints on a server whose table has one small image that serves WSGI."""

import http.client
import itertools
import time
from collections.abc import Callable
from typing import Any

from server_kit import Server
from serving_kit import IMAGE, SERVING, TABLE, artefact

ROLE = "arn:aws:iam::123456789012:role/serving"

#: Answers what it is told to: a status and a text, `MARK` in front.
APP = """
import os, time
MARK = os.environ.get("MARK", "").encode()
def app(environ, start_response):
    if environ["PATH_INFO"] == "/ping":
        start_response("200 OK", [("Content-Length", "0")])
        return [b""]
    body = environ["wsgi.input"].read()
    if body.startswith(b"crash"):
        os._exit(9)
    if body.startswith(b"slow"):
        time.sleep(0.5)
    if os.environ.get("BAD"):
        raise ValueError("planted")
    status = body.decode()[7:] if body.startswith(b"status ") else "200 OK"
    attributes = environ.get("HTTP_X_AMZN_SAGEMAKER_CUSTOM_ATTRIBUTES", "")
    headers = [("Content-Type", "text/plain"), ("X-Amzn-SageMaker-Custom-Attributes", attributes + "!")]
    answer = MARK + body
    start_response(status, [*headers, ("Content-Length", str(len(answer)))])
    return [answer]
"""

_numbers = itertools.count(1)


class Client(Server):
    """Makes endpoints."""

    table, bucket = TABLE, "models"

    def name(self, stem: str) -> str:
        return f"{stem}-{next(_numbers)}"

    def model(self, *marks: str, source: str = APP, environment: dict[str, str] | None = None, **members: Any) -> str:
        """A model with a container for each mark."""
        name = self.name("model")
        self.s3.put_object(Bucket="models", Key=f"{name}.tar.gz", Body=artefact(source))
        containers = [
            {
                "Image": IMAGE,
                "ModelDataUrl": f"s3://models/{name}.tar.gz",
                "Environment": SERVING | {"MARK": mark} | (environment or {}),
            }
            for mark in marks
        ]
        self.sagemaker.create_model(ModelName=name, ExecutionRoleArn=ROLE, Containers=containers, **members)
        return name

    def config(self, *models: str, weights: tuple[float, ...] = (), instances: int = 1, **members: Any) -> str:
        """A configuration with a variant for each model: AllTraffic, or variant-1, variant-2."""
        name = self.name("config")
        variants = [
            {
                "VariantName": "AllTraffic" if len(models) == 1 else f"variant-{number}",
                "ModelName": model,
                "InstanceType": "ml.m5.large",
                "InitialInstanceCount": instances,
                "InitialVariantWeight": weights[number - 1] if weights else 1.0,
            }
            for number, model in enumerate(models, start=1)
        ]
        self.sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=variants, **members)
        return name

    def endpoint(self, config: str, **members: Any) -> str:
        """An endpoint in service."""
        name = self.name("endpoint")
        self.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=config, **members)
        assert self.wait(name)["EndpointStatus"] == "InService"
        return name

    def wait(self, name: str, *statuses: str) -> dict[str, Any]:
        """Describe the endpoint when it has come to rest, or to one of the statuses."""
        wanted = statuses or ("InService", "Failed")
        found: dict[str, Any] = {}

        def there() -> bool:
            found.clear()
            found.update(self.sagemaker.describe_endpoint(EndpointName=name))
            return found["EndpointStatus"] in wanted

        eventually(there)
        return found

    def invoke(self, name: str, body: bytes = b"x", **members: Any) -> bytes:
        answer: bytes = self.runtime.invoke_endpoint(EndpointName=name, Body=body, **members)["Body"].read()
        return answer

    def raw(self, name: str, body: bytes = b"x") -> tuple[int, bytes]:
        """An invocation without boto3."""
        connection = http.client.HTTPConnection((self.status.Endpoint or "").removeprefix("http://"), timeout=60)
        connection.request("POST", f"/endpoints/{name}/invocations", body, {"content-type": "text/plain"})
        response = connection.getresponse()
        return response.status, response.read()


def eventually(holds: Callable[[], bool], seconds: float = 90.0) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it does not come"
        time.sleep(0.01)
