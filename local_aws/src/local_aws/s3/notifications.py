"""What a bucket tells EventBridge, when its notification configuration asks for it."""

from typing import Any

from local_aws.errors import NotSupported
from local_aws.operations import Aws, Request, Result
from local_aws.s3 import objects
from local_aws.s3.requests import S3Operations

operations = S3Operations("s3")


@operations("PutBucketNotificationConfiguration")
def put(aws: Aws, request: Request) -> Result:
    """Replaces the configuration; topics, queues and functions are reached by rules of EventBridge only."""
    wanted: dict[str, Any] = request.get("NotificationConfiguration") or {}
    for member, value in wanted.items():
        if member != "EventBridgeConfiguration" and value:
            raise NotSupported(f"{member} of bucket notifications: only EventBridgeConfiguration")
    with aws.store.transaction():
        document = objects.bucket(aws, request["Bucket"]) | {objects.NOTIFICATIONS: wanted}
        objects.update_bucket(aws, request["Bucket"], document)
    return None


@operations("GetBucketNotificationConfiguration")
def get(aws: Aws, request: Request) -> Result:
    held: dict[str, Any] = objects.bucket(aws, request["Bucket"]).get(objects.NOTIFICATIONS, {})
    return held
