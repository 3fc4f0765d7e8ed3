"""Buckets and their policies."""

from collections.abc import Callable, Mapping
from typing import Any

from local_aws.cloudformation.resources.calls import call, policy
from local_aws.cloudformation.resources.kind import Document, Made, ResourceType
from local_aws.errors import AwsError, NotSupported
from local_aws.operations import Aws


def _encryption(given: Document) -> Document:
    rules = [
        {
            ("ApplyServerSideEncryptionByDefault" if name == "ServerSideEncryptionByDefault" else name): item
            for name, item in rule.items()
        }
        for rule in given["ServerSideEncryptionConfiguration"]
    ]
    return {"Rules": rules}


def _lifecycle(given: Document) -> Document:
    return {"Rules": [_rule(rule) for rule in given["Rules"]]}


#: Members of a rule that are spelt as in the API. https://docs.aws.amazon.com/AmazonS3/latest/API/API_LifecycleRule.html
_SAME = frozenset({"Status", "AbortIncompleteMultipartUpload", "NoncurrentVersionExpiration", "Prefix"})


def _rule(given: Document) -> Document:
    rule: Document = {"Filter": {"Prefix": ""}}
    for name, item in given.items():
        if name == "Id":
            rule["ID"] = item
        elif name == "ExpirationInDays":
            rule["Expiration"] = {"Days": int(item)}
        elif name in _SAME:
            rule[name] = item
        else:
            raise NotSupported(f"{name} of a life-cycle rule of AWS::S3::Bucket")
    if "Prefix" in rule:
        rule["Filter"] = {"Prefix": rule.pop("Prefix")}
    return rule


def _cors(given: Document) -> Document:
    return {"CORSRules": [{_CORS.get(name, name): item for name, item in rule.items()} for rule in given["CorsRules"]]}


_CORS = {"Id": "ID", "MaxAge": "MaxAgeSeconds", "ExposedHeaders": "ExposeHeaders"}


def _notification(given: Document) -> Document:
    found: Document = {}
    for name, item in given.items():
        if name != "EventBridgeConfiguration":
            raise NotSupported(f"{name} of NotificationConfiguration of AWS::S3::Bucket")
        if str(item.get("EventBridgeEnabled", "true")).lower() == "true":
            found["EventBridgeConfiguration"] = {}
    return found


def _tags(given: Any) -> Document:
    return {"TagSet": given}


def _same(given: Any) -> Any:
    return given


#: Property → stem of the operation, its member, how the value is spelt there, and the operation that removes it.
_SETTINGS: Mapping[str, tuple[str, str, Callable[[Any], Any], str]] = {
    "VersioningConfiguration": ("BucketVersioning", "VersioningConfiguration", _same, ""),
    "BucketEncryption": (
        "BucketEncryption",
        "ServerSideEncryptionConfiguration",
        _encryption,
        "DeleteBucketEncryption",
    ),
    "PublicAccessBlockConfiguration": (
        "PublicAccessBlock",
        "PublicAccessBlockConfiguration",
        _same,
        "DeletePublicAccessBlock",
    ),
    "OwnershipControls": ("BucketOwnershipControls", "OwnershipControls", _same, "DeleteBucketOwnershipControls"),
    "CorsConfiguration": ("BucketCors", "CORSConfiguration", _cors, "DeleteBucketCors"),
    "LifecycleConfiguration": (
        "BucketLifecycleConfiguration",
        "LifecycleConfiguration",
        _lifecycle,
        "DeleteBucketLifecycle",
    ),
    "NotificationConfiguration": ("BucketNotificationConfiguration", "NotificationConfiguration", _notification, ""),
    "Tags": ("BucketTagging", "Tagging", _tags, "DeleteBucketTagging"),
}

#: What stands for "none" where there is no operation that removes.
_NONE: Mapping[str, Any] = {
    "VersioningConfiguration": {"Status": "Suspended"},
    "NotificationConfiguration": {},
}


def _set(aws: Aws, bucket: str, before: Document, now: Document) -> None:
    for name, (stem, member, spelt, remove) in _SETTINGS.items():
        if before.get(name) == now.get(name):
            continue
        if name in now:
            call(aws, "s3", f"Put{stem}", Bucket=bucket, **{member: spelt(now[name])})
        elif remove:
            call(aws, "s3", remove, Bucket=bucket)
        else:
            call(aws, "s3", f"Put{stem}", Bucket=bucket, **{member: _NONE[name]})


def _create(aws: Aws, name: str, properties: Document) -> Made:
    if aws.store.sql("SELECT 1 FROM buckets WHERE name = ?", (name,)).fetchone():
        raise AwsError("AlreadyExists", f"{name} already exists", status=409)
    call(aws, "s3", "CreateBucket", Bucket=name)
    _set(aws, name, {}, properties)
    return Made(
        name,
        {
            "Arn": f"arn:aws:s3:::{name}",
            "DomainName": f"{name}.s3.amazonaws.com",
            "DualStackDomainName": f"{name}.s3.dualstack.{aws.region}.amazonaws.com",
            "RegionalDomainName": f"{name}.s3.{aws.region}.amazonaws.com",
            "WebsiteURL": f"http://{name}.s3-website-{aws.region}.amazonaws.com",
        },
    )


def _update(aws: Aws, made: Made, before: Document, now: Document) -> Made:
    _set(aws, made.id, before, now)
    return made


def _delete(aws: Aws, made: Made, _: Document) -> None:
    call(aws, "s3", "DeleteBucket", Bucket=made.id)


def _put_policy(aws: Aws, _: str, properties: Document) -> Made:
    bucket = properties["Bucket"]
    call(aws, "s3", "PutBucketPolicy", Bucket=bucket, Policy=policy(properties["PolicyDocument"]))
    return Made(bucket)


def _delete_policy(aws: Aws, made: Made, _: Document) -> None:
    call(aws, "s3", "DeleteBucketPolicy", Bucket=made.id)


TYPES = (
    ResourceType(
        "AWS::S3::Bucket",
        frozenset({"BucketName", *_SETTINGS}),
        _create,
        _delete,
        _update,
        name="BucketName",
        form=str.lower,
    ),
    ResourceType(
        "AWS::S3::BucketPolicy",
        frozenset({"Bucket", "PolicyDocument"}),
        _put_policy,
        _delete_policy,
        lambda aws, made, _, now: _put_policy(aws, made.id, now),
    ),
)
