"""CodePipeline through boto3: executions from their source to their end."""

from collections.abc import Callable
from typing import Any

import pytest
from delivery_kit import Delivery, approval, source, stage

Client = Callable[..., Any]


@pytest.fixture
def delivery(client: Client, bucket: str) -> Delivery:
    return Delivery(client, bucket)


def test_from_a_commit_over_an_approval_to_the_end(delivery: Delivery, fresh: Client) -> None:
    name = fresh("pipeline")
    commit = delivery.repository(name, {"a": b"1"})
    execution = delivery.create(name, stage("Source", source(name)), stage("Approve", approval()))
    delivery.answer(name, execution)
    assert delivery.end(name, execution) == "Succeeded"
    assert delivery.get(name, execution)["artifactRevisions"][0]["revisionId"] == commit
