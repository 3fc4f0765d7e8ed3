"""Where events come in: who waits for one is decided in the transaction that makes it.

An event and what it sets off are one commit with the transition that it tells of. An event that no rule waits for
leaves no trace and costs no write.
"""

import datetime
import uuid
from collections.abc import Iterable, Iterator
from typing import Any

from local_aws.events import inputs, outbox
from local_aws.events.patterns import compile_pattern
from local_aws.operations import Aws

Document = dict[str, Any]

RULES = "events:Rule"
DEFAULT = "default"


def iso(seconds: float) -> str:
    """`2026-11-21T10:00:00Z`, as events have times."""
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def new_event(aws: Aws, source: str, kind: str, detail: Document, resources: Iterable[str] = ()) -> Document:
    """The envelope; `kind` is the detail-type."""
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": kind,
        "source": source,
        "account": aws.account,
        "time": iso(aws.clock.now()),
        "region": aws.region,
        "resources": list(resources),
        "detail": detail,
    }


def awaited(aws: Aws, bus: str = DEFAULT) -> bool:
    """Whether an event could set anything off: worth asking before a detail is put together."""
    return next(_listening(aws, bus), None) is not None


def emit(aws: Aws, source: str, kind: str, detail: Document, resources: Iterable[str] = ()) -> None:
    """An event of the machine itself on the default bus; call it inside the transaction that it tells of."""
    if awaited(aws):
        dispatch(aws, new_event(aws, source, kind, detail, resources))


def dispatch(aws: Aws, event: Document, bus: str = DEFAULT) -> None:
    """Put the deliveries of every rule that matches into the outbox; inside a transaction."""
    for rule in _listening(aws, bus):
        if compile_pattern(rule["EventPattern"])(event):
            fire(aws, rule, event)


def fire(aws: Aws, rule: Document, event: Document) -> None:
    """What a rule does with an event: one delivery a target; inside a transaction."""
    for target in rule["Targets"].values():
        payload = inputs.payload(target, event, rule)
        outbox.enqueue(aws, target, payload, {"RULE_ARN": rule["Arn"], "TARGET_ARN": target["Arn"]})


def _listening(aws: Aws, bus: str) -> Iterator[Document]:
    for _, rule in aws.store.scan(RULES, f"{bus}/"):
        if rule.get("EventPattern") and rule["State"] != "DISABLED" and rule["Targets"]:
            yield rule
