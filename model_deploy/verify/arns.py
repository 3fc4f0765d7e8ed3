"""The resources of grants: well-formed, of a type that the action works on, and of this project.

A grant on an ARN that does not exist is no error anywhere; the deployment fails half an hour later.
"""

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from typing import Any

from model_deploy.verify.findings import Finding
from model_deploy.verify.policies import Statement, statements
from model_deploy.verify.resolve import Stack

ARN = re.compile(r"arn:aws:[a-z0-9-]+:(?:[a-z0-9-]*):(?:\d{12}|\*|aws|):\S+")
PLACEHOLDER = re.compile(r"(?<!\$)\{(AWS::\w+|[A-Z][A-Za-z]+)\}|\$(AWS::\w+)")

#: Actions that the registry asks for beside the service's own table: a version of another account becomes a model.
BESIDE = {"sagemaker:CreateModel": "model-package", "sagemaker:ListModelPackages": "model-package-group"}

#: Services whose prefix in an action is not the one in its ARNs, beside the rows of the service's own table.
ELSEWHERE = {"codestar-connections": "codeconnections"}


def check(stack: Stack) -> Iterator[Finding]:
    for resource in stack.resources.values():
        for text in texts(resource.properties):
            if found := PLACEHOLDER.search(text):
                yield Finding(resource.logical, "placeholder", f"{found.group()} is left as it stands; ${{…}} is meant")
    known = _known(stack)
    for statement in statements(stack):
        for action in statement.actions:
            if "*" not in action and patterns(action) is None:
                yield Finding(statement.place, "iam-action", f"there is no action {action}")
        if statement.use == "trust" or statement.effect == "Deny":
            continue
        for arn in statement.resources:
            if arn != "*" and not ARN.fullmatch(arn):
                yield Finding(statement.place, "arn", f"{arn} is no ARN")
            elif arn != "*":
                yield from _ours(statement, arn, known)
        yield from _types(statement)


def texts(node: Any) -> Iterator[str]:
    """Every text in a document."""
    if isinstance(node, dict):
        for inner in node.values():
            yield from texts(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from texts(inner)
    elif isinstance(node, str):
        yield node


def _known(stack: Stack) -> dict[str, tuple[str, ...]]:
    """Service → the beginnings of names that belong to this project."""
    name, number = stack.parameters.get("SageMakerProjectName"), stack.parameters.get("SageMakerProjectId")
    own = f"{name}-{number}"
    buckets = {f"sagemaker-project-{number}", f"sagemaker-project-{number}-artifacts"}
    buckets |= {str(stack.parameters.get(parameter)) for parameter in ("ModelBucketName", "DataBucketName")}
    return {
        "s3": tuple(buckets),
        "s3 to read": (str(stack.parameters.get("ReadBucket")),),
        "iam": (f"role/{own}-", "role/aws-service-role/sagemaker.application-autoscaling.amazonaws.com/"),
        "logs": ("log-group:/aws/sagemaker/", f"log-group:/aws/codebuild/{own}-", f"log-group:/aws/lambda/{own}-"),
        "cloudformation": (f"stack/sagemaker-{own}-deploy-",),
        "codepipeline": (own,),
        "codebuild": (f"project/{own}-",),
        "sns": (own,),
        "sqs": (own,),
        "events": (f"rule/{own}-",),
        "scheduler": (f"schedule/default/{own}-",),
        "cloudwatch": (f"alarm:{name}-", f"alarm:TargetTracking-endpoint/{name}-"),
    }


def _ours(statement: Statement, arn: str, known: Mapping[str, tuple[str, ...]]) -> Iterator[Finding]:
    service, rest = arn.split(":")[2], arn.split(":", 5)[5]
    if service == "s3":
        reads = all(re.match("s3:(Get|List)", action) for action in statement.actions)
        mine = rest.split("/")[0] in known["s3"] + (known["s3 to read"] if reads else ())
    else:
        mine = service not in known or rest.startswith(known[service])
    if not mine:
        yield Finding(statement.place, "arn-foreign", f"{arn} is nothing of this project")
    if (
        service == "sagemaker"
        and re.match(r"(endpoint|pipeline)/", rest)
        and not rest.split("/")[1].startswith(known_name(known))
    ):
        yield Finding(statement.place, "arn-foreign", f"{arn} is nothing of this project")


def known_name(known: Mapping[str, tuple[str, ...]]) -> str:
    """The project's name, as alarms begin with it."""
    return known["cloudwatch"][0].removeprefix("alarm:").rstrip("-")


def _types(statement: Statement) -> Iterator[Finding]:
    """Each action needs a resource of a type that it works on, and each resource is of a type that its service has."""
    if statement.use != "identity" or "*" in statement.resources:
        return
    for action in statement.actions:
        formats = patterns(action)
        if formats and not any(_fits(arn, formats) for arn in statement.resources):
            yield Finding(statement.place, "arn-type", f"{action} works on none of these resources")
    for arn in statement.resources:
        every = _every(arn.split(":")[2]) if arn.count(":") > 1 else ()
        if every and not _fits(arn, every):
            yield Finding(statement.place, "arn-type", f"{arn} is of no type that its service has")


def _fits(arn: str, formats: Any) -> bool:
    return any(re.fullmatch(pattern, arn) for pattern in formats)


@cache
def _every(service: str) -> tuple[str, ...]:
    table = _services().get(service, {})
    return tuple(pattern for kind in table.get("Resources", {}) for pattern in _formats(table, kind))


@cache
def patterns(action: str) -> tuple[str, ...] | None:
    """Regular expressions of the ARNs that an action works on, empty when the table is silent; None: no such action."""
    service, _, name = action.partition(":")
    table = _services().get(service, {})
    entry = table.get("Actions", {}).get(name.lower())
    if entry is None:
        return None
    kinds = [*entry.get("Resources", []), *([BESIDE[action]] if action in BESIDE else [])]
    found = [pattern for kind in kinds for pattern in _formats(table, kind)]
    if service in ELSEWHERE:
        found += [pattern.replace(service, ELSEWHERE[service]) for pattern in found]
    return tuple(found)


def _formats(table: dict[str, Any], kind: str) -> list[str]:
    raw = table.get("Resources", {}).get(kind, {}).get("ARNFormats", [])
    fill = {"${Partition}": "aws", "${Region}": r"[a-z0-9-]*", "${Account}": r"(\d{12}|\*)"}
    for before, after in fill.items():
        raw = [pattern.replace(before, after) for pattern in raw]
    # A bucket's ARN has no slash: the table's `.*` would take objects, too.
    return [pattern.replace("s3:::.*", "s3:::[^/]*") if kind == "bucket" else pattern for pattern in raw]


@cache
def _services() -> dict[str, Any]:
    """cfn-lint's own table of the services' actions and resources."""
    folder = resources.files("cfnlint") / "data" / "AdditionalSpecs" / "Policies.json"
    found: dict[str, Any] = json.loads(folder.read_text(encoding="utf-8"))
    return found
