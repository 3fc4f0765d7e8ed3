"""The instances of a variant that a queue feeds, and down to none of them."""

from collections.abc import Iterable

from local_aws.cloudwatch.metrics import Datum, Metric
from local_aws.endpoints.asynchronous import requests
from local_aws.endpoints.group import Group, Replied
from local_aws.errors import AwsError
from local_aws.serving import Chain

#: Requests at a time on an instance when the configuration names no number: an instance has one worker here.
CONCURRENCY = 1


class Asynchronous(Group):
    """An instance gets no more requests at a time than MaxConcurrentInvocationsPerInstance."""

    timeout = 3600.0  # the longest InvocationTimeoutSeconds: what an instance still answers when it is taken away

    @property
    def concurrency(self) -> int:
        client = self.config["AsyncInferenceConfig"].get("ClientConfig") or {}
        return int(client.get("MaxConcurrentInvocationsPerInstance") or CONCURRENCY)

    def pick(self) -> Chain | None:
        """The ready instance with the fewest requests; None when none is free."""
        chain = super().pick()
        return chain if chain and chain.outstanding < self.concurrency else None

    async def answer(self, headers: bytes, content_type: bytes, body: bytes) -> Replied:
        """Raises AwsError "ValidationError": InvokeEndpoint has no way to it."""
        del headers, content_type, body
        said = f"Endpoint {self.endpoint} is an asynchronous inference endpoint: use InvokeEndpointAsync."
        raise AwsError("ValidationError", said)

    def gauges(self, at: float) -> Iterable[Datum]:
        """https://docs.aws.amazon.com/sagemaker/latest/dg/async-inference-monitor.html"""
        backlog, instances = requests.backlog(self.aws, self.endpoint), len(self.chains)
        found = {
            "ApproximateBacklogSize": float(backlog),
            "HasBacklogWithoutCapacity": float(backlog > 0 and not instances),
        }
        if instances:
            found["ApproximateBacklogSizePerInstance"] = backlog / instances
        for name, value in found.items():
            yield Datum(Metric("AWS/SageMaker", name, {"EndpointName": self.endpoint}), at, ((value, 1.0),), "Count")
