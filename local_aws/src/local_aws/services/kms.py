"""KMS: keys and aliases as templates need them. They are remembered and described; nothing is encrypted here, and the
operations that would encrypt are refused by name."""

import json
import uuid
from typing import Any

from local_aws import crud
from local_aws.errors import AwsError, NotSupported
from local_aws.operations import Aws, Operations, Request, Result

Document = dict[str, Any]

operations = Operations("kms")

KEYS, ALIASES = "kms:Key", "kms:Alias"

_DAY = 86_400


def _missing(what: str) -> AwsError:
    return AwsError("NotFoundException", f"{what} is not found.")


def find(aws: Aws, name: str) -> Document:
    """The key by id, ARN or alias. Raises AwsError "NotFoundException"."""
    given = name.split(":", 5)[-1]
    if given.startswith("alias/"):
        alias = aws.store.get(ALIASES, given)
        if alias is None:
            raise _missing(f"Alias {aws.arn('kms', given)}")
        given = alias["TargetKeyId"]
    key = aws.store.get(KEYS, given.removeprefix("key/"))
    if key is None:
        raise _missing(f"Key '{aws.arn('kms', 'key/' + given.removeprefix('key/'))}'")
    return key


def _save(aws: Aws, key: Document) -> None:
    aws.store.put(KEYS, key["KeyId"], key)


@operations("CreateKey")
def create_key(aws: Aws, request: Request) -> Result:
    for member, only in (("KeySpec", "SYMMETRIC_DEFAULT"), ("KeyUsage", "ENCRYPT_DECRYPT"), ("Origin", "AWS_KMS")):
        if request.get(member, only) != only:
            raise NotSupported(f"KMS keys with {member} {request[member]}")
    for member in ("CustomKeyStoreId", "XksKeyId", "MultiRegion"):
        if request.get(member):
            raise NotSupported(f"the member {member} of kms:CreateKey")
    identity = str(uuid.uuid4())
    key = {
        "AWSAccountId": aws.account,
        "KeyId": identity,
        "Arn": aws.arn("kms", f"key/{identity}"),
        "CreationDate": aws.clock.now(),
        "Enabled": True,
        "Description": request.get("Description", ""),
        "KeyUsage": "ENCRYPT_DECRYPT",
        "KeyState": "Enabled",
        "Origin": "AWS_KMS",
        "KeyManager": "CUSTOMER",
        "CustomerMasterKeySpec": "SYMMETRIC_DEFAULT",
        "KeySpec": "SYMMETRIC_DEFAULT",
        "EncryptionAlgorithms": ["SYMMETRIC_DEFAULT"],
        "MultiRegion": False,
        "Policy": _policy(request["Policy"]) if request.get("Policy") else _default_policy(aws),
        "Tags": {tag["TagKey"]: tag["TagValue"] for tag in request.get("Tags") or []},
    }
    _save(aws, key)
    return {"KeyMetadata": key}


def _default_policy(aws: Aws) -> str:
    owner = {"AWS": f"arn:aws:iam::{aws.account}:root"}
    allow = {"Sid": "Enable IAM User Permissions", "Effect": "Allow", "Principal": owner, "Action": "kms:*"}
    return json.dumps({"Version": "2012-10-17", "Id": "key-default-1", "Statement": [allow | {"Resource": "*"}]})


def _policy(text: str) -> str:
    try:
        json.loads(text)
    except ValueError:
        raise AwsError("MalformedPolicyDocumentException", "The policy is not JSON.") from None
    return text


@operations("DescribeKey")
def describe_key(aws: Aws, request: Request) -> Result:
    return {"KeyMetadata": find(aws, request["KeyId"])}


@operations("ListKeys")
def list_keys(aws: Aws, request: Request) -> Result:
    found, token = crud.cut(
        [{"KeyId": key["KeyId"], "KeyArn": key["Arn"]} for _, key in aws.store.scan(KEYS)],
        lambda key: key["KeyId"],
        request.get("Marker"),
        request.get("Limit", 100),
    )
    return {"Keys": found, "NextMarker": token, "Truncated": token is not None}


def _change(aws: Aws, request: Request, **members: Any) -> Document:
    """Raises AwsError "KMSInvalidStateException" for a key that waits for its deletion."""
    with aws.store.transaction():
        key = find(aws, request["KeyId"])
        if key["KeyState"] == "PendingDeletion":
            raise AwsError("KMSInvalidStateException", f"{key['Arn']} is pending deletion.")
        key |= members
        _save(aws, key)
    return key


@operations("EnableKey")
def enable_key(aws: Aws, request: Request) -> Result:
    _change(aws, request, Enabled=True, KeyState="Enabled")
    return None


@operations("DisableKey")
def disable_key(aws: Aws, request: Request) -> Result:
    _change(aws, request, Enabled=False, KeyState="Disabled")
    return None


@operations("UpdateKeyDescription")
def update_key_description(aws: Aws, request: Request) -> Result:
    _change(aws, request, Description=request["Description"])
    return None


@operations("ScheduleKeyDeletion")
def schedule_key_deletion(aws: Aws, request: Request) -> Result:
    """The key stays pending: nothing hangs on its material here."""
    days = request.get("PendingWindowInDays", 30)
    if not 7 <= days <= 30:
        raise AwsError("ValidationException", "PendingWindowInDays must be between 7 and 30.")
    date = aws.clock.now() + days * _DAY
    key = _change(aws, request, Enabled=False, KeyState="PendingDeletion", DeletionDate=date)
    return {"KeyId": key["Arn"], "DeletionDate": date, "KeyState": "PendingDeletion", "PendingWindowInDays": days}


@operations("CancelKeyDeletion")
def cancel_key_deletion(aws: Aws, request: Request) -> Result:
    with aws.store.transaction():
        key = find(aws, request["KeyId"])
        if key["KeyState"] != "PendingDeletion":
            raise AwsError("KMSInvalidStateException", f"{key['Arn']} is not pending deletion.")
        del key["DeletionDate"]
        _save(aws, key | {"KeyState": "Disabled"})
    return {"KeyId": key["Arn"]}


# policy and rotation


@operations("GetKeyPolicy")
def get_key_policy(aws: Aws, request: Request) -> Result:
    return {"Policy": find(aws, request["KeyId"])["Policy"], "PolicyName": "default"}


@operations("PutKeyPolicy")
def put_key_policy(aws: Aws, request: Request) -> Result:
    _change(aws, request, Policy=_policy(request["Policy"]))
    return None


@operations("ListKeyPolicies")
def list_key_policies(aws: Aws, request: Request) -> Result:
    find(aws, request["KeyId"])
    return {"PolicyNames": ["default"], "Truncated": False}


@operations("EnableKeyRotation")
def enable_key_rotation(aws: Aws, request: Request) -> Result:
    _change(aws, request, Rotation=request.get("RotationPeriodInDays", 365), RotationSince=aws.clock.now())
    return None


@operations("DisableKeyRotation")
def disable_key_rotation(aws: Aws, request: Request) -> Result:
    _change(aws, request, Rotation=None)
    return None


@operations("GetKeyRotationStatus")
def get_key_rotation_status(aws: Aws, request: Request) -> Result:
    key = find(aws, request["KeyId"])
    days = key.get("Rotation")
    if not days:
        return {"KeyRotationEnabled": False, "KeyId": key["KeyId"]}
    due = key["RotationSince"] + days * _DAY
    return {
        "KeyRotationEnabled": True,
        "KeyId": key["KeyId"],
        "RotationPeriodInDays": days,
        "NextRotationDate": due,
    }


# aliases


def _alias_name(request: Request) -> str:
    name: str = request["AliasName"]
    if not name.startswith("alias/") or name == "alias/" or name.startswith("alias/aws/"):
        raise AwsError("InvalidAliasNameException", "Alias must start with the prefix alias/, which is not aws/.")
    return name


@operations("CreateAlias")
def create_alias(aws: Aws, request: Request) -> Result:
    name = _alias_name(request)
    with aws.store.transaction():
        if aws.store.get(ALIASES, name):
            raise AwsError("AlreadyExistsException", f"An alias with the name {aws.arn('kms', name)} already exists")
        _put_alias(aws, request, name, aws.clock.now())
    return None


def _put_alias(aws: Aws, request: Request, name: str, created: float) -> None:
    target = find(aws, request["TargetKeyId"])["KeyId"]
    made = {"AliasName": name, "AliasArn": aws.arn("kms", name), "TargetKeyId": target, "CreationDate": created}
    aws.store.put(ALIASES, name, made | {"LastUpdatedDate": aws.clock.now()})


def _alias(aws: Aws, name: str) -> Document:
    alias = aws.store.get(ALIASES, name)
    if alias is None:
        raise _missing(f"Alias {aws.arn('kms', name)}")
    return alias


@operations("UpdateAlias")
def update_alias(aws: Aws, request: Request) -> Result:
    with aws.store.transaction():
        name = _alias_name(request)
        _put_alias(aws, request, name, _alias(aws, name)["CreationDate"])
    return None


@operations("DeleteAlias")
def delete_alias(aws: Aws, request: Request) -> Result:
    with aws.store.transaction():
        _alias(aws, request["AliasName"])
        aws.store.delete(ALIASES, request["AliasName"])
    return None


@operations("ListAliases")
def list_aliases(aws: Aws, request: Request) -> Result:
    wanted = find(aws, request["KeyId"])["KeyId"] if request.get("KeyId") else None
    kept = [alias for _, alias in aws.store.scan(ALIASES) if wanted in (None, alias["TargetKeyId"])]
    found, token = crud.cut(kept, lambda item: item["AliasName"], request.get("Marker"), request.get("Limit", 50))
    return {"Aliases": found, "NextMarker": token, "Truncated": token is not None}


# tags


@operations("TagResource")
def tag(aws: Aws, request: Request) -> Result:
    with aws.store.transaction():
        tags = find(aws, request["KeyId"])["Tags"]
        _change(aws, request, Tags=tags | {item["TagKey"]: item["TagValue"] for item in request["Tags"]})
    return None


@operations("UntagResource")
def untag(aws: Aws, request: Request) -> Result:
    with aws.store.transaction():
        tags = find(aws, request["KeyId"])["Tags"]
        _change(aws, request, Tags={name: tags[name] for name in tags if name not in request["TagKeys"]})
    return None


@operations("ListResourceTags")
def list_tags(aws: Aws, request: Request) -> Result:
    tags = find(aws, request["KeyId"])["Tags"]
    return {"Tags": [{"TagKey": name, "TagValue": value} for name, value in tags.items()], "Truncated": False}
