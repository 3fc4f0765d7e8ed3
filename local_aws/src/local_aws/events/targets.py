"""The kinds of things that events, schedules, topics and alarms can reach: a row each."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from local_aws.delivery.pipelines import execution_operations as delivery
from local_aws.errors import AwsError, NotSupported
from local_aws.events import bus
from local_aws.functions import asynchronous, functions
from local_aws.operations import Aws
from local_aws.pipelines import execution_operations
from local_aws.services import queues, topics

Document = dict[str, Any]

#: The machine, the target's document with the "Attributes" of the delivery (where it comes from), the payload, and a
#: token that is the same for every attempt of one delivery.
Deliver = Callable[[Aws, Document, str, str], None]


@dataclass(frozen=True)
class TargetKind:
    """A kind of target.

    arn      how its ARN begins behind `arn:aws:`, without region and account: "sagemaker:pipeline/"
    members  members of a target, beyond those that every kind takes, that this kind understands
    deliver  joins the transaction that removes the delivery; raises AwsError, and a status of 429 or from 500 on is
             tried again
    """

    arn: str
    deliver: Deliver
    members: tuple[str, ...] = ()


def _to_queue(aws: Aws, target: Document, payload: str, _: str) -> None:
    queues.send(aws, queues.name_of(target["Arn"]), payload)


def _to_topic(aws: Aws, target: Document, payload: str, _: str) -> None:
    topics.publish(aws, target["Arn"], payload)


def _to_bus(aws: Aws, target: Document, payload: str, _: str) -> None:
    bus.dispatch(aws, json.loads(payload), target["Arn"].rpartition("/")[2])


def _to_pipeline(aws: Aws, target: Document, _: str, token: str) -> None:
    given = (target.get("SageMakerPipelineParameters") or {}).get("PipelineParameterList") or []
    name = target["Arn"].rpartition("/")[2]
    execution_operations.start(aws, {"PipelineName": name, "PipelineParameters": given, "ClientRequestToken": token})


def _to_delivery(aws: Aws, target: Document, payload: str, token: str) -> None:
    """Variables and revisions come from an input transformer; an event itself has neither."""
    try:
        found = json.loads(payload)
    except ValueError:
        found = {}
    given = {key: found[key] for key in ("variables", "sourceRevisions") if isinstance(found, dict) and key in found}
    name = target["Arn"].rpartition(":")[2]
    trigger = {"triggerType": "CloudWatchEvent", "triggerDetail": _origin(target)}
    delivery.start(aws, given | {"name": name, "clientRequestToken": token}, trigger)


def _origin(target: Document) -> str:
    """The ARN of the rule or schedule that a delivery comes from."""
    attributes = target.get("Attributes") or {}
    return str(attributes.get("RULE_ARN") or attributes.get("SCHEDULE_ARN") or "")


def _to_function(aws: Aws, target: Document, payload: str, _: str) -> None:
    """Lambda takes the event at once; what becomes of it then is Lambda's own affair, with its own retries."""
    asynchronous.enqueue(aws, functions.find(aws, functions.name_of(target["Arn"])), payload)


KINDS: tuple[TargetKind, ...] = (
    TargetKind("sqs:", _to_queue, ("SqsParameters",)),
    TargetKind("sns:", _to_topic),
    TargetKind("events:event-bus/", _to_bus),
    TargetKind("lambda:function:", _to_function),
    TargetKind("sagemaker:pipeline/", _to_pipeline, ("SageMakerPipelineParameters",)),
    TargetKind("codepipeline:", _to_delivery),
)

#: What a target of any kind may carry; RoleArn is kept and nothing is denied.
_EVERY = frozenset(
    {"Id", "Arn", "RoleArn", "Input", "InputPath", "InputTransformer", "RetryPolicy", "DeadLetterConfig"}
)


def find(arn: str) -> TargetKind:
    """Raises AwsError: NotImplemented for a kind that is not here."""
    parts = arn.split(":", 5)
    if len(parts) == 6:
        for kind in KINDS:
            if f"{parts[2]}:{parts[5]}".startswith(kind.arn):
                return kind
        resource = parts[5].partition("/")[0].partition(":")[0] if "/" in parts[5] or ":" in parts[5] else ""
        raise NotSupported(f"the target {parts[2]}{':' + resource if resource else ''} ({arn})")
    raise AwsError("ValidationException", f"{arn} is not an ARN.")


def check(target: Document) -> None:
    """Raises AwsError when this target cannot be reached or carries what its kind does not understand."""
    kind = find(target["Arn"])
    for member, value in target.items():
        if value is not None and member not in _EVERY and member not in kind.members:
            raise NotSupported(f"the member {member} of the target {target['Arn']}")
    if target["Arn"].endswith(".fifo"):
        raise NotSupported(f"FIFO queues and topics as targets ({target['Arn']})")
