"""An asynchronous endpoint with all that belongs to it, and waits, for the tests of variants that live otherwise."""

import json
import urllib.request
from typing import Any

import boto3
from botocore.config import Config
from endpoints_kit import eventually

NAMESPACE = "AWS/SageMaker"


def connect(client: Any, service: str) -> Any:
    """A client of another service of the same server; many requests at a time."""
    once = Config(retries={"total_max_attempts": 1}, max_pool_connections=32)
    keys: Any = {"aws_access_key_id": "local", "aws_secret_access_key": "local", "region_name": "us-east-1"}
    return boto3.client(service, endpoint_url=client.status.Endpoint, config=once, **keys)


def now(client: Any) -> float:
    """The server's time."""
    with urllib.request.urlopen(f"{client.status.Endpoint}/_local/status", timeout=30) as answer:
        return float(json.load(answer)["Time"])


#: Waits until a file appears when it is told to, so that a test decides when it ends.
GATED = """
import os, pathlib, time
def app(environ, start_response):
    body = b"" if environ["PATH_INFO"] == "/ping" else environ["wsgi.input"].read()
    gate = pathlib.Path(os.environ.get("GATE", "/"))
    while body and not gate.exists():
        time.sleep(0.01)
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]
"""


class Queue:
    """An asynchronous endpoint with its bucket, its two topics and a queue behind each."""

    def __init__(self, client: Any, *, include: bool = False, environment: dict[str, str] | None = None, **more: Any):
        self.client = client
        self.bucket = client.name("bucket")
        client.s3.create_bucket(Bucket=self.bucket)
        sns = connect(client, "sns")
        topics = {name: sns.create_topic(Name=client.name(name))["TopicArn"] for name in ("success", "error")}
        self.urls = {}
        for name, topic in topics.items():
            self.urls[name] = client.sqs.create_queue(QueueName=client.name(name))["QueueUrl"]
            arn = f"arn:aws:sqs:us-east-1:123456789012:{self.urls[name].rpartition('/')[2]}"
            sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true"})
        notification: dict[str, Any] = {"SuccessTopic": topics["success"], "ErrorTopic": topics["error"]}
        if include:
            notification["IncludeInferenceResponseIn"] = ["SUCCESS_NOTIFICATION_TOPIC", "ERROR_NOTIFICATION_TOPIC"]
        settings = {
            "ClientConfig": {"MaxConcurrentInvocationsPerInstance": more.pop("concurrency", 2)},
            "OutputConfig": {
                "S3OutputPath": f"s3://{self.bucket}/out",
                "S3FailurePath": f"s3://{self.bucket}/failed/",
                "NotificationConfig": notification,
            },
        }
        model = client.model("", environment=environment, **more)
        self.endpoint = client.endpoint(client.config(model, AsyncInferenceConfig=settings))

    def send(self, body: bytes, **members: Any) -> dict[str, Any]:
        key = self.client.name("in")
        self.client.s3.put_object(Bucket=self.bucket, Key=key, Body=body)
        place = f"s3://{self.bucket}/{key}"
        answer: dict[str, Any] = self.client.runtime.invoke_endpoint_async(
            EndpointName=self.endpoint, InputLocation=place, ContentType="text/plain", **members
        )
        return answer

    def read(self, place: str) -> bytes | None:
        """What is at an S3 URI; None when nothing is."""
        bucket, _, key = place.removeprefix("s3://").partition("/")
        if not self.client.s3.list_objects_v2(Bucket=bucket, Prefix=key).get("Contents"):
            return None
        body: bytes = self.client.s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        return body

    def result(self, answer: dict[str, Any]) -> bytes:
        eventually(lambda: self.read(answer["OutputLocation"]) is not None)
        return self.read(answer["OutputLocation"]) or b""

    def told(self, name: str) -> dict[str, Any]:
        """The next message of the success or the error topic."""
        found: list[dict[str, Any]] = []

        def there() -> bool:
            answer = self.client.sqs.receive_message(QueueUrl=self.urls[name], WaitTimeSeconds=1)
            for message in answer.get("Messages", []):
                self.client.sqs.delete_message(QueueUrl=self.urls[name], ReceiptHandle=message["ReceiptHandle"])
                found.append(json.loads(message["Body"]))
            return bool(found)

        eventually(there)
        return found[0]

    def metric(self, name: str, statistic: str = "Sum") -> float | None:
        moment = now(self.client)
        answer = self.client.cloudwatch.get_metric_statistics(
            Namespace=NAMESPACE,
            MetricName=name,
            Dimensions=[{"Name": "EndpointName", "Value": self.endpoint}],
            StartTime=moment - 86400,
            EndTime=moment + 60,
            Period=172800,
            Statistics=[statistic],
        )
        return float(answer["Datapoints"][0][statistic]) if answer["Datapoints"] else None
