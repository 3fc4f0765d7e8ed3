"""Roles and policies. Their properties are those of IAM's API, with policies as objects."""

import json

from local_aws.cloudformation.resources.calls import call, policy, tag_map
from local_aws.cloudformation.resources.kind import Document, Made, ResourceType
from local_aws.errors import NotSupported
from local_aws.operations import Aws
from local_aws.services import iam


def _arn_of_role(aws: Aws, name: str) -> Document:
    role = call(aws, "iam", "GetRole", RoleName=name)["Role"]
    return {"Arn": role["Arn"], "RoleId": role["RoleId"]}


def _create_role(aws: Aws, name: str, properties: Document) -> Made:
    kept = {key: properties.get(key) for key in ("Path", "Description", "MaxSessionDuration", "PermissionsBoundary")}
    trust = policy(properties["AssumeRolePolicyDocument"])
    call(aws, "iam", "CreateRole", RoleName=name, AssumeRolePolicyDocument=trust, Tags=properties.get("Tags"), **kept)
    _hang(aws, name, {}, properties)
    return Made(name, _arn_of_role(aws, name))


def _hang(aws: Aws, name: str, before: Document, now: Document) -> None:
    """Inline and managed policies as they shall be."""
    held = {item["PolicyName"]: policy(item["PolicyDocument"]) for item in before.get("Policies", [])}
    wanted = {item["PolicyName"]: policy(item["PolicyDocument"]) for item in now.get("Policies", [])}
    for gone in held.keys() - wanted.keys():
        call(aws, "iam", "DeleteRolePolicy", RoleName=name, PolicyName=gone)
    for inline, document in wanted.items():
        if held.get(inline) != document:
            call(aws, "iam", "PutRolePolicy", RoleName=name, PolicyName=inline, PolicyDocument=document)
    attached, attach = set(before.get("ManagedPolicyArns", [])), set(now.get("ManagedPolicyArns", []))
    for arn in sorted(attached - attach):
        call(aws, "iam", "DetachRolePolicy", RoleName=name, PolicyArn=arn)
    for arn in sorted(attach - attached):
        call(aws, "iam", "AttachRolePolicy", RoleName=name, PolicyArn=arn)


#: Properties of a role that IAM has operations to change and this machine has not.
_FIXED = ("Description", "MaxSessionDuration", "PermissionsBoundary")


def _update_role(aws: Aws, made: Made, before: Document, now: Document) -> Made:
    if changed := [name for name in _FIXED if before.get(name) != now.get(name)]:
        raise NotSupported(f"an update of {changed[0]} of AWS::IAM::Role")
    trust = policy(now["AssumeRolePolicyDocument"])
    call(aws, "iam", "UpdateAssumeRolePolicy", RoleName=made.id, PolicyDocument=trust)
    _hang(aws, made.id, before, now)
    tags, held = tag_map(now.get("Tags")), tag_map(before.get("Tags"))
    if gone := sorted(held.keys() - tags.keys()):
        call(aws, "iam", "UntagRole", RoleName=made.id, TagKeys=gone)
    if now.get("Tags"):
        call(aws, "iam", "TagRole", RoleName=made.id, Tags=now["Tags"])
    return made


def _delete_role(aws: Aws, made: Made, properties: Document) -> None:
    _hang(aws, made.id, properties, {})
    call(aws, "iam", "DeleteRole", RoleName=made.id)


# AWS::IAM::Policy: an inline policy of several roles


def _put_inline(aws: Aws, name: str, properties: Document) -> Made:
    document = policy(properties["PolicyDocument"])
    for role in properties.get("Roles", []):
        call(aws, "iam", "PutRolePolicy", RoleName=role, PolicyName=properties["PolicyName"], PolicyDocument=document)
    return Made(name, {"Id": name})


def _update_inline(aws: Aws, made: Made, before: Document, now: Document) -> Made:
    _delete_inline(aws, made, before)
    return _put_inline(aws, made.id, now)


def _delete_inline(aws: Aws, _: Made, properties: Document) -> None:
    for role in properties.get("Roles", []):
        if aws.store.get(iam.ROLES, role):  # a role that is gone took it along
            call(aws, "iam", "DeleteRolePolicy", RoleName=role, PolicyName=properties["PolicyName"])


# AWS::IAM::ManagedPolicy


def _create_managed(aws: Aws, name: str, properties: Document) -> Made:
    made = call(
        aws,
        "iam",
        "CreatePolicy",
        PolicyName=name,
        Path=properties.get("Path"),
        Description=properties.get("Description"),
        PolicyDocument=policy(properties["PolicyDocument"]),
    )["Policy"]
    _attach(aws, made["Arn"], set(), set(properties.get("Roles", [])))
    kept = ("PolicyId", "DefaultVersionId", "IsAttachable", "AttachmentCount")
    return Made(made["Arn"], {"PolicyArn": made["Arn"]} | {key: made[key] for key in kept})


def _attach(aws: Aws, arn: str, before: set[str], now: set[str]) -> None:
    for role in sorted(before - now):
        call(aws, "iam", "DetachRolePolicy", RoleName=role, PolicyArn=arn)
    for role in sorted(now - before):
        call(aws, "iam", "AttachRolePolicy", RoleName=role, PolicyArn=arn)


def _update_managed(aws: Aws, made: Made, before: Document, now: Document) -> Made:
    if json.loads(policy(before["PolicyDocument"])) != json.loads(policy(now["PolicyDocument"])):
        raise NotSupported("an update of PolicyDocument of AWS::IAM::ManagedPolicy (policies have one version here)")
    _attach(aws, made.id, set(before.get("Roles", [])), set(now.get("Roles", [])))
    return made


def _delete_managed(aws: Aws, made: Made, properties: Document) -> None:
    there = {role for role in properties.get("Roles", []) if aws.store.get(iam.ROLES, role)}
    _attach(aws, made.id, there, set())
    call(aws, "iam", "DeletePolicy", PolicyArn=made.id)


_ROLE = frozenset(
    {
        "AssumeRolePolicyDocument",
        "Description",
        "ManagedPolicyArns",
        "MaxSessionDuration",
        "Path",
        "PermissionsBoundary",
        "Policies",
        "RoleName",
        "Tags",
    }
)

TYPES = (
    ResourceType("AWS::IAM::Role", _ROLE, _create_role, _delete_role, _update_role, name="RoleName"),
    ResourceType(
        "AWS::IAM::Policy",
        frozenset({"PolicyDocument", "PolicyName", "Roles"}),
        _put_inline,
        _delete_inline,
        _update_inline,
    ),
    ResourceType(
        "AWS::IAM::ManagedPolicy",
        frozenset({"Description", "ManagedPolicyName", "Path", "PolicyDocument", "Roles"}),
        _create_managed,
        _delete_managed,
        _update_managed,
        name="ManagedPolicyName",
    ),
)
