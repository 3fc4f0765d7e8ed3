"""The outbox: what has to reach a target, one row a delivery, until it is there or given up.

A row is written in the transaction that sets it off, and `deliveries` empties the box.
"""

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from local_aws.operations import Aws

Document = dict[str, Any]


@dataclass(frozen=True)
class Watched:
    """`wake` is set when something came into the outbox; there is none while nobody looks after it."""

    wake: threading.Event


def enqueue(aws: Aws, target: Document, payload: str, attributes: Mapping[str, str]) -> None:
    """Deliver `payload` to `target` once the open transaction commits.

    target      "Arn" and, as in EventBridge, RetryPolicy, DeadLetterConfig and what the kind of target takes
    attributes  what a message in the dead-letter queue says of where it comes from
    """
    now = aws.clock.now()
    document = {"Target": target, "Payload": payload, "Attributes": dict(attributes), "Since": now, "Attempts": 0}
    aws.store.sql("INSERT INTO deliveries (due, document) VALUES (?, ?)", (now, json.dumps(document)))
    if watched := aws.parts.get(Watched):
        aws.store.after_commit(watched.wake.set)


def remove(aws: Aws, number: int) -> None:
    """Take the row `number` out."""
    aws.store.sql("DELETE FROM deliveries WHERE id = ?", (number,))
