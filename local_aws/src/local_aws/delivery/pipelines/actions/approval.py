"""A person's answer."""

import datetime
import json
import uuid
from typing import Any

from local_aws.delivery.pipelines.actions.kind import ActionKind, Document, Job, Outcome
from local_aws.services import topics

#: https://docs.aws.amazon.com/codepipeline/latest/userguide/limits.html
MINUTES = 7 * 24 * 60

_CONSOLE = "https://console.aws.amazon.com/codepipeline/home"


class Approval(ActionKind):
    """Tells a topic, and waits for PutApprovalResult with the token of this very request."""

    def check(self, action: Document) -> None:
        """All of it is done here."""

    def begin(self, job: Job, prepared: Any) -> Outcome:  # noqa: ARG002
        token, minutes = str(uuid.uuid4()), job.record["Timeout"] or MINUTES
        due = job.aws.clock.now() + 60 * float(minutes)
        if topic := job.configuration.get("NotificationArn"):
            action = job.record["actionName"]
            subject = f"APPROVAL NEEDED: AWS CodePipeline {job.record['pipelineName']} for action {action}"
            topics.publish(job.aws, topic, json.dumps(_message(job, token, due)), subject[:100])
        return Outcome("InProgress", due=due, members={"Token": token})

    def expired(self) -> Outcome:
        message = "The approval action has timed out: nobody has answered in time."
        return Outcome("Failed", code="ApprovalTimedOut", message=message)


def _message(job: Job, token: str, due: float) -> Document:
    """https://docs.aws.amazon.com/codepipeline/latest/userguide/approvals-json-format.html"""
    record, given = job.record, job.configuration
    view = f"{_CONSOLE}?region={job.aws.region}#/view/{record['pipelineName']}"
    approval = {
        "pipelineName": record["pipelineName"],
        "stageName": record["stageName"],
        "actionName": record["actionName"],
        "token": token,
        "expires": datetime.datetime.fromtimestamp(due, datetime.UTC).strftime("%Y-%m-%dT%H:%MZ"),
        "externalEntityLink": given.get("ExternalEntityLink"),
        "approvalReviewLink": f"{view}/{record['stageName']}/{record['actionName']}/approve/{token}",
        "customData": given.get("CustomData"),
    }
    return {
        "region": job.aws.region,
        "consoleLink": view,
        "approval": {key: value for key, value in approval.items() if value is not None},
    }


MANUAL = Approval("Approval", "Manual", optional=frozenset({"NotificationArn", "CustomData", "ExternalEntityLink"}))
