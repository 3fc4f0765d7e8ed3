"""IAM: roles and policies are kept and described. Nothing is denied: every caller is the account's owner."""

import json
import secrets
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from local_aws.crud import cut
from local_aws.errors import AwsError
from local_aws.operations import Aws, Operations, Request, Result

operations = Operations("iam")

Document = dict[str, Any]

ROLES, POLICIES = "iam:Role", "iam:Policy"

#: The beginning of the ARNs of AWS's own policies; they may be attached without being here.
_AWS_POLICY = "arn:aws:iam::aws:policy/"


def _missing(what: str) -> AwsError:
    return AwsError("NoSuchEntity", f"The {what} cannot be found.", status=404)


def _policy_text(text: str) -> str:
    """Raises AwsError "MalformedPolicyDocument"."""
    try:
        if isinstance(json.loads(text), dict):
            return text
    except ValueError:
        pass
    raise AwsError("MalformedPolicyDocument", "This policy contains invalid Json")


def _id(prefix: str) -> str:
    return prefix + secrets.token_hex(9).upper()[:17]


def _page(items: list[Any], into: str, position: Callable[[Any], Any], request: Request) -> Document:
    found, marker = cut(items, position, request.get("Marker"), request.get("MaxItems", 100))
    return {into: found, "IsTruncated": marker is not None, "Marker": marker}


# roles


def _role(aws: Aws, name: str) -> Document:
    """Raises AwsError "NoSuchEntity"."""
    found = aws.store.get(ROLES, name)
    if found is None:
        raise _missing(f"role with name {name}")
    return found


def _change(aws: Aws, name: str, change: Callable[[Document], None]) -> Result:
    with aws.store.transaction():
        role = _role(aws, name)
        change(role)
        aws.store.put(ROLES, name, role)
    return None


def _shown(role: Document) -> Document:
    """A role as answers have it: its document URL-encoded (RFC 3986), its policies apart."""
    return role | {"AssumeRolePolicyDocument": quote(role["AssumeRolePolicyDocument"], safe="")}


@operations("CreateRole")
def create_role(aws: Aws, request: Request) -> Result:
    name, path = request["RoleName"], request.get("Path", "/")
    _policy_text(request["AssumeRolePolicyDocument"])
    with aws.store.transaction():
        if aws.store.get(ROLES, name):
            raise AwsError("EntityAlreadyExists", f"Role with name {name} already exists.", status=409)
        role = {key: value for key, value in request.items() if key != "PermissionsBoundary"} | {
            "Path": path,
            "RoleId": _id("AROA"),
            "Arn": f"arn:aws:iam::{aws.account}:role{path}{name}",
            "CreateDate": aws.clock.now(),
            "MaxSessionDuration": request.get("MaxSessionDuration", 3600),
            "Inline": {},
            "Attached": [],
        }
        if boundary := request.get("PermissionsBoundary"):
            role["PermissionsBoundary"] = {
                "PermissionsBoundaryType": "PermissionsBoundaryPolicy",
                "PermissionsBoundaryArn": boundary,
            }
        aws.store.put(ROLES, name, role)
    return {"Role": _shown(role)}


@operations("GetRole")
def get_role(aws: Aws, request: Request) -> Result:
    return {"Role": _shown(_role(aws, request["RoleName"]))}


@operations("ListRoles")
def list_roles(aws: Aws, request: Request) -> Result:
    prefix = request.get("PathPrefix", "/")
    roles = [_shown(role) for _, role in aws.store.scan(ROLES) if role["Path"].startswith(prefix)]
    for role in roles:
        role.pop("Tags", None)  # AWS's list leaves them out
    return _page(roles, "Roles", lambda role: role["RoleName"], request)


@operations("UpdateAssumeRolePolicy")
def update_assume_role_policy(aws: Aws, request: Request) -> Result:
    text = _policy_text(request["PolicyDocument"])
    return _change(aws, request["RoleName"], lambda role: role.update(AssumeRolePolicyDocument=text))


@operations("DeleteRole")
def delete_role(aws: Aws, request: Request) -> Result:
    with aws.store.transaction():
        role = _role(aws, request["RoleName"])
        for held, first in ((role["Attached"], "detach"), (role["Inline"], "delete")):
            if held:
                message = f"Cannot delete entity, must {first} policies first."
                raise AwsError("DeleteConflict", message, status=409)
        aws.store.delete(ROLES, request["RoleName"])
    return None


@operations("TagRole")
def tag_role(aws: Aws, request: Request) -> Result:
    def tag(role: Document) -> None:
        tags = {tag["Key"]: tag for tag in [*role.get("Tags", []), *request["Tags"]]}
        role["Tags"] = list(tags.values())

    return _change(aws, request["RoleName"], tag)


@operations("UntagRole")
def untag_role(aws: Aws, request: Request) -> Result:
    def untag(role: Document) -> None:
        role["Tags"] = [tag for tag in role.get("Tags", []) if tag["Key"] not in request["TagKeys"]]

    return _change(aws, request["RoleName"], untag)


@operations("ListRoleTags")
def list_role_tags(aws: Aws, request: Request) -> Result:
    return _page(_role(aws, request["RoleName"]).get("Tags", []), "Tags", lambda tag: tag["Key"], request)


# inline policies


@operations("PutRolePolicy")
def put_role_policy(aws: Aws, request: Request) -> Result:
    text = _policy_text(request["PolicyDocument"])
    return _change(aws, request["RoleName"], lambda role: role["Inline"].update({request["PolicyName"]: text}))


@operations("GetRolePolicy")
def get_role_policy(aws: Aws, request: Request) -> Result:
    name = request["PolicyName"]
    inline = _role(aws, request["RoleName"])["Inline"]
    if name not in inline:
        raise _missing(f"role policy with name {name}")
    return {"RoleName": request["RoleName"], "PolicyName": name, "PolicyDocument": quote(inline[name], safe="")}


@operations("ListRolePolicies")
def list_role_policies(aws: Aws, request: Request) -> Result:
    return _page(list(_role(aws, request["RoleName"])["Inline"]), "PolicyNames", str, request)


@operations("DeleteRolePolicy")
def delete_role_policy(aws: Aws, request: Request) -> Result:
    def remove(role: Document) -> None:
        if role["Inline"].pop(request["PolicyName"], None) is None:
            raise _missing(f"role policy with name {request['PolicyName']}")

    return _change(aws, request["RoleName"], remove)


# managed policies


def _policy(aws: Aws, arn: str) -> Document:
    """Raises AwsError "NoSuchEntity"."""
    found = aws.store.get(POLICIES, arn)
    if found is None:
        raise AwsError("NoSuchEntity", f"Policy {arn} does not exist or is not attachable.", status=404)
    attached = sum(arn in role["Attached"] for _, role in aws.store.scan(ROLES))
    return found | {"AttachmentCount": attached}


@operations("CreatePolicy")
def create_policy(aws: Aws, request: Request) -> Result:
    path = request.get("Path", "/")
    arn = f"arn:aws:iam::{aws.account}:policy{path}{request['PolicyName']}"
    text, now = _policy_text(request["PolicyDocument"]), aws.clock.now()
    with aws.store.transaction():
        if aws.store.get(POLICIES, arn):
            message = f"A policy called {request['PolicyName']} already exists. Duplicate names are not allowed."
            raise AwsError("EntityAlreadyExists", message, status=409)
        policy = {
            "PolicyName": request["PolicyName"],
            "PolicyId": _id("ANPA"),
            "Arn": arn,
            "Path": path,
            "DefaultVersionId": "v1",
            "IsAttachable": True,
            "Description": request.get("Description"),
            "CreateDate": now,
            "UpdateDate": now,
            "Tags": request.get("Tags", []),
        }
        aws.store.put(POLICIES, arn, policy | {"Document": text})
    return {"Policy": policy | {"AttachmentCount": 0}}


@operations("GetPolicy")
def get_policy(aws: Aws, request: Request) -> Result:
    return {"Policy": _policy(aws, request["PolicyArn"])}


@operations("GetPolicyVersion")
def get_policy_version(aws: Aws, request: Request) -> Result:
    policy = _policy(aws, request["PolicyArn"])
    if request["VersionId"] != "v1":
        raise _missing(f"version {request['VersionId']} of policy {request['PolicyArn']}")
    shown = {"VersionId": "v1", "IsDefaultVersion": True, "CreateDate": policy["CreateDate"]}
    return {"PolicyVersion": shown | {"Document": quote(policy["Document"], safe="")}}


@operations("ListPolicies")
def list_policies(aws: Aws, request: Request) -> Result:
    """The account's own; AWS's policies are not listed here, though roles may have them."""
    policies = [_policy(aws, arn) for arn, _ in aws.store.scan(POLICIES)] if request.get("Scope") != "AWS" else []
    prefix = request.get("PathPrefix", "/")
    found = [policy for policy in policies if policy["Path"].startswith(prefix)]
    if request.get("OnlyAttached"):
        found = [policy for policy in found if policy["AttachmentCount"]]
    return _page(found, "Policies", lambda policy: policy["Arn"], request)


@operations("DeletePolicy")
def delete_policy(aws: Aws, request: Request) -> Result:
    with aws.store.transaction():
        if _policy(aws, request["PolicyArn"])["AttachmentCount"]:
            message = "Cannot delete a policy attached to entities."
            raise AwsError("DeleteConflict", message, status=409)
        aws.store.delete(POLICIES, request["PolicyArn"])
    return None


@operations("AttachRolePolicy")
def attach_role_policy(aws: Aws, request: Request) -> Result:
    arn = request["PolicyArn"]

    def attach(role: Document) -> None:
        if not arn.startswith(_AWS_POLICY):
            _policy(aws, arn)
        if arn not in role["Attached"]:
            role["Attached"].append(arn)

    return _change(aws, request["RoleName"], attach)


@operations("DetachRolePolicy")
def detach_role_policy(aws: Aws, request: Request) -> Result:
    def detach(role: Document) -> None:
        if request["PolicyArn"] not in role["Attached"]:
            raise AwsError("NoSuchEntity", f"Policy {request['PolicyArn']} was not found.", status=404)
        role["Attached"].remove(request["PolicyArn"])

    return _change(aws, request["RoleName"], detach)


@operations("ListAttachedRolePolicies")
def list_attached_role_policies(aws: Aws, request: Request) -> Result:
    attached = _role(aws, request["RoleName"])["Attached"]
    found = [{"PolicyName": arn.rpartition("/")[2], "PolicyArn": arn} for arn in attached]
    return _page(found, "AttachedPolicies", lambda policy: policy["PolicyArn"], request)
