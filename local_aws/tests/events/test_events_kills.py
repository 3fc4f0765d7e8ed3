"""An approval that was acknowledged reaches its queue, once, whenever the server is killed on the way."""

import json
from pathlib import Path
from typing import Any

import pytest
from pipelines_kit import home
from test_kills import Victim, needs_proc

GROUP = "credit"


def prepare(folder: Path) -> str:
    """A queue behind a rule for approvals, and a version that waits; the queue's URL."""
    server = home(folder).up()
    try:
        sqs, events, sagemaker = (server.client(name) for name in ("sqs", "events", "sagemaker"))
        url = str(sqs.create_queue(QueueName="approvals", Attributes={"VisibilityTimeout": "0"})["QueueUrl"])
        events.put_rule(Name="approved", EventPattern=json.dumps({"detail": {"ModelApprovalStatus": ["Approved"]}}))
        arn = "arn:aws:sqs:us-east-1:123456789012:approvals"
        events.put_targets(Rule="approved", Targets=[{"Id": "queue", "Arn": arn}])
        sagemaker.create_model_package_group(ModelPackageGroupName=GROUP)
        sagemaker.create_model_package(ModelPackageGroupName=GROUP)
        return url
    finally:
        server.down()


def messages(victim: Victim, url: str) -> list[dict[str, Any]]:
    found = victim.call("sqs", "receive_message", QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=5)
    return [json.loads(message["Body"]) for message in found.get("Messages", [])]


@needs_proc
@pytest.mark.parametrize(
    ("when", "number"),
    [
        ("before", 1),
        ("after", 3),
        *(pytest.param(*one, marks=pytest.mark.long) for one in (("after", 1), ("before", 3))),
    ],
)
def test_a_kill_on_the_way(tmp_path: Path, when: str, number: int) -> None:
    """Commit 1 is the approval, 2 the delivery, 3 the first reception; behind 1 is before 2, behind 2 before 3."""
    url = prepare(tmp_path)
    victim = Victim(tmp_path, when, number)
    try:
        package = f"arn:aws:sagemaker:us-east-1:123456789012:model-package/{GROUP}/1"
        token = "approve-once"
        victim.call(
            "sagemaker",
            "update_model_package",
            ModelPackageArn=package,
            ModelApprovalStatus="Approved",
            ClientToken=token,
        )
        first = messages(victim, url)
        assert [event["detail"]["ModelApprovalStatus"] for event in first] == ["Approved"]
        assert victim.killed
        assert messages(victim, url) == first, "the message is still there, and alone"
    finally:
        victim.end()
