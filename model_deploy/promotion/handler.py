"""The function: an event says "look"."""

import logging
from datetime import datetime
from typing import Any

from contract.documents import Document
from model_deploy.promotion.reconcile import reconcile
from model_deploy.promotion.services import Services, connect
from model_deploy.promotion.state import APPROVED

REGISTRY, JOB = "aws.sagemaker", "CodePipeline.job"

log = logging.getLogger(__name__)
log.setLevel(logging.INFO)


def handle(event: Document, context: Any = None) -> Document:  # noqa: ARG001 (Lambda passes both)
    """The entry of AWS Lambda. Raises what AWS answered: Lambda then sends the event again."""
    return act_on(event, connect())


def act_on(event: Document, services: Services) -> Document:
    """Look, unless the event tells of a change of metadata. Answers {"looked", "sequence"}.

    A job comes from the pipeline's action Admit, before production's stack is touched (templates/project/delivery.yml).
    The look stops what must not go on, which then ends with the action: a version that was rejected in the second in
    which a person let it in, an execution that promotion did not start.
    """
    if not concerns(event):
        log.info("a change of metadata: nothing to do")
        return {"looked": False}
    state = reconcile(services, approvals(event))
    if JOB in event:
        services.pipeline.end_job(event[JOB]["id"])
    return {"looked": True, "sequence": state.sequence}


def concerns(event: Document) -> bool:
    """SageMaker tells the approval status with every update of a version; only an update of the status counts."""
    if event.get("source") != REGISTRY:
        return True
    updated = event.get("detail", {}).get("UpdatedModelPackageFields")
    return updated is None or "ModelApprovalStatus" in updated


def approvals(event: Document) -> dict[int, float]:
    """The version that the event says was approved, and when; empty for every other event."""
    detail = event.get("detail", {})
    given = "ModelApprovalStatus" in detail.get("UpdatedModelPackageFields", [])
    if event.get("source") != REGISTRY or not given or detail.get("ModelApprovalStatus") != APPROVED:
        return {}
    return {int(detail["ModelPackageVersion"]): datetime.fromisoformat(event["time"]).timestamp()}
