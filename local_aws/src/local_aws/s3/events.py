"""What EventBridge hears of objects.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
"""

import uuid
from typing import Any

from local_aws.events import bus
from local_aws.operations import Aws


def tell(aws: Aws, bucket: str, kind: str, reason: str, told: dict[str, Any]) -> None:
    """Emit "Object Created" or "Object Deleted"; inside the transaction that makes it.

    told  key, and where there is one size, etag, version-id
    """
    detail = {
        "version": "0",
        "bucket": {"name": bucket},
        "object": told | {"sequencer": f"{aws.store.next_seq():016X}"},
        "request-id": uuid.uuid4().hex[:16].upper(),
        "requester": aws.account,
        "source-ip-address": "127.0.0.1",
        "reason": reason,
    }
    bus.emit(aws, "aws.s3", kind, detail, [f"arn:aws:s3:::{bucket}"])
