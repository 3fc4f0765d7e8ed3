"""Keys and their aliases."""

from local_aws.cloudformation.resources.calls import call, policy, tag_map
from local_aws.cloudformation.resources.kind import Document, Made, ResourceType
from local_aws.operations import Aws


def _create_key(aws: Aws, _: str, properties: Document) -> Made:
    given = properties.get("KeyPolicy")
    key = call(
        aws,
        "kms",
        "CreateKey",
        Description=properties.get("Description"),
        Policy=policy(given) if given is not None else None,
        Tags=[{"TagKey": key, "TagValue": item} for key, item in tag_map(properties.get("Tags")).items()],
    )["KeyMetadata"]
    made = Made(key["KeyId"], {"Arn": key["Arn"], "KeyId": key["KeyId"]})
    return _turn(aws, made, {}, properties)


def _is_on(properties: Document) -> bool:
    return str(properties.get("EnableKeyRotation", False)).lower() == "true"


def _turn(aws: Aws, made: Made, before: Document, now: Document) -> Made:
    if _is_on(now) != _is_on(before):
        call(aws, "kms", "EnableKeyRotation" if _is_on(now) else "DisableKeyRotation", KeyId=made.id)
    return made


def _update_key(aws: Aws, made: Made, before: Document, now: Document) -> Made:
    call(aws, "kms", "UpdateKeyDescription", KeyId=made.id, Description=now.get("Description", ""))
    if now.get("KeyPolicy") is not None:
        call(aws, "kms", "PutKeyPolicy", KeyId=made.id, Policy=policy(now["KeyPolicy"]))
    held, wanted = tag_map(before.get("Tags")), tag_map(now.get("Tags"))
    if gone := sorted(held.keys() - wanted.keys()):
        call(aws, "kms", "UntagResource", KeyId=made.id, TagKeys=gone)
    if wanted != held:
        tags = [{"TagKey": key, "TagValue": item} for key, item in wanted.items()]
        call(aws, "kms", "TagResource", KeyId=made.id, Tags=tags)
    return _turn(aws, made, before, now)


def _delete_key(aws: Aws, made: Made, properties: Document) -> None:
    call(aws, "kms", "ScheduleKeyDeletion", KeyId=made.id, PendingWindowInDays=properties.get("PendingWindowInDays"))


def _create_alias(aws: Aws, name: str, properties: Document) -> Made:
    call(aws, "kms", "CreateAlias", AliasName=name, TargetKeyId=properties["TargetKeyId"])
    return Made(name)


def _update_alias(aws: Aws, made: Made, _: Document, now: Document) -> Made:
    call(aws, "kms", "UpdateAlias", AliasName=made.id, TargetKeyId=now["TargetKeyId"])
    return made


def _delete_alias(aws: Aws, made: Made, _: Document) -> None:
    call(aws, "kms", "DeleteAlias", AliasName=made.id)


TYPES = (
    ResourceType(
        "AWS::KMS::Key",
        frozenset({"Description", "EnableKeyRotation", "KeyPolicy", "PendingWindowInDays", "Tags"}),
        _create_key,
        _delete_key,
        _update_key,
    ),
    ResourceType(
        "AWS::KMS::Alias",
        frozenset({"AliasName", "TargetKeyId"}),
        _create_alias,
        _delete_alias,
        _update_alias,
        name="AliasName",
    ),
)
