"""Buckets, keys, topics, queues: encrypted, private, versioned."""

from collections.abc import Iterator
from typing import Any

from model_deploy.verify.findings import Finding
from model_deploy.verify.policies import of
from model_deploy.verify.resolve import Resource, Stack

BLOCKS = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")


def check(stack: Stack) -> Iterator[Finding]:
    for bucket in stack.of("AWS::S3::Bucket"):
        yield from _bucket(bucket, stack)
        yield from _transport(bucket, stack)
    for key in stack.of("AWS::KMS::Key"):
        if not _true(key.properties.get("EnableKeyRotation")):
            yield Finding(key.logical, "kms-rotation", "EnableKeyRotation must be true")
        if key.properties.get("Enabled") in (False, "false"):
            yield Finding(key.logical, "kms-rotation", "the key is switched off")
        if not any(one.sid == "Administration" and one.effect == "Allow" for one in of(key)):
            yield Finding(key.logical, "kms-administration", "without its account the key cannot be managed any more")
    for topic in stack.of("AWS::SNS::Topic"):
        if not topic.properties.get("KmsMasterKeyId"):
            yield Finding(topic.logical, "sns-encryption", "KmsMasterKeyId must be set")
    for queue in stack.of("AWS::SQS::Queue"):
        if not queue.properties.get("KmsMasterKeyId") and not _true(queue.properties.get("SqsManagedSseEnabled")):
            yield Finding(queue.logical, "sqs-encryption", "KmsMasterKeyId must be set")
        if queue.properties.get("MessageRetentionPeriod", 0) < 345600:
            yield Finding(queue.logical, "sqs-retention", "failures must stay for at least four days")
    for alias in stack.of("AWS::KMS::Alias"):
        wanted = f"alias/sagemaker-project-{stack.parameters.get('SageMakerProjectId')}"
        if alias.properties.get("AliasName") != wanted:
            yield Finding(alias.logical, "kms-alias", f"the roles look for {wanted}")
    yield from _arrivals(stack)


def _true(value: Any) -> bool:
    return value in (True, "true")


def _bucket(bucket: Resource, stack: Stack) -> Iterator[Finding]:
    given, place = bucket.properties, bucket.logical
    if given.get("VersioningConfiguration", {}).get("Status") != "Enabled":
        yield Finding(place, "s3-versioning", "versioning must be enabled")
    blocks = given.get("PublicAccessBlockConfiguration", {})
    if open_ := [name for name in BLOCKS if not _true(blocks.get(name))]:
        yield Finding(place, "s3-public", f"{', '.join(open_)} must be true")
    rules = given.get("BucketEncryption", {}).get("ServerSideEncryptionConfiguration", [])
    defaults = [rule.get("ServerSideEncryptionByDefault", {}) for rule in rules]
    keys = {key.arn for key in stack.of("AWS::KMS::Key")}
    if not defaults or any(
        one.get("SSEAlgorithm") != "aws:kms" or one.get("KMSMasterKeyID") not in keys for one in defaults
    ):
        yield Finding(place, "s3-encryption", "objects are encrypted with aws:kms and the project's key")
    owners = [rule.get("ObjectOwnership") for rule in given.get("OwnershipControls", {}).get("Rules", [])]
    if owners != ["BucketOwnerEnforced"] or "AccessControl" in given:
        yield Finding(place, "s3-ownership", "ObjectOwnership must be BucketOwnerEnforced, without an ACL")
    lifecycle = given.get("LifecycleConfiguration", {}).get("Rules", [])
    if not any("AbortIncompleteMultipartUpload" in rule and rule.get("Status") == "Enabled" for rule in lifecycle):
        yield Finding(place, "s3-lifecycle", "uploads that were broken off cost for ever; a lifecycle rule ends them")
    if "WebsiteConfiguration" in given:
        yield Finding(place, "s3-public", "a bucket of models is no web site")


def _transport(bucket: Resource, stack: Stack) -> Iterator[Finding]:
    """A denial of everything that does not come over TLS."""
    for policy in stack.of("AWS::S3::BucketPolicy"):
        for one in of(policy):
            denies = one.effect == "Deny" and one.principals == ("*",) and one.actions == ("s3:*",)
            secure = one.condition.get("Bool", {}).get("aws:SecureTransport")
            whole = {bucket.arn, f"{bucket.arn}/*"} <= set(one.resources)
            if denies and str(secure).lower() == "false" and whole and policy.properties.get("Bucket") == bucket.name:
                return
    yield Finding(bucket.logical, "s3-transport", "no bucket policy denies s3:* where aws:SecureTransport is false")


def _arrivals(stack: Stack) -> Iterator[Finding]:
    """Batches start on arrival, which EventBridge must be told."""
    for bucket in stack.of("AWS::S3::Bucket"):
        if bucket.name == f"sagemaker-project-{stack.parameters.get('SageMakerProjectId')}":
            events = bucket.properties.get("NotificationConfiguration", {}).get("EventBridgeConfiguration", {})
            if not _true(events.get("EventBridgeEnabled")):
                yield Finding(
                    bucket.logical, "s3-events", "EventBridgeEnabled must be true, or no batch starts on arrival"
                )
