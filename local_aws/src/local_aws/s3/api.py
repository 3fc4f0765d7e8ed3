"""The operations of S3, from the modules that hold them."""

from local_aws.s3 import buckets, configurations, listing, multipart, notifications, transfer

OPERATIONS = (
    buckets.operations,
    configurations.operations,
    listing.operations,
    multipart.operations,
    notifications.operations,
    transfer.operations,
)
