"""Least privilege: wildcards with a written reason only, passed roles pinned, trust limited to this account."""

import re
from collections.abc import Iterator

from contract.documents import Document
from model_deploy.verify.findings import Finding
from model_deploy.verify.policies import Statement, documents, of, statements
from model_deploy.verify.resolve import Resource, Stack

#: Metadata of the resource: {Sid: why the statement's wildcard cannot be narrowed}.
REASONS = "WildcardReasons"

#: Prefix of an action → services whose resources it works on, where they differ.
ALIASES = {
    "codestar-connections": {"codeconnections", "codestar-connections"},
    "codeconnections": {"codeconnections", "codestar-connections"},
    "sts": {"iam"},
}

#: Actions that hand out power; no role of the project needs them.
POWERFUL = re.compile(
    r"^(iam:(Create(?!ServiceLinkedRole)|Put|Attach|Detach|Delete|Update|Add).*|sts:AssumeRoot|organizations:.*|"
    r"kms:(ScheduleKeyDeletion|PutKeyPolicy|DisableKey)|s3:(PutBucketPolicy|DeleteBucket|PutBucketAcl|PutObjectAcl))$",
    re.IGNORECASE,
)

#: Action → condition key without which it is too wide.
PINNED = {
    "iam:PassRole": "iam:PassedToService",
    "iam:CreateServiceLinkedRole": "iam:AWSServiceName",
    "cloudwatch:PutMetricData": "cloudwatch:namespace",
}

#: (rule, actions, condition): who writes versions must not approve them; a job that does not say is not isolated.
DENIED: tuple[tuple[str, frozenset[str], Document], ...] = (
    (
        "iam-approval",
        frozenset({"sagemaker:CreateModelPackage", "sagemaker:UpdateModelPackage"}),
        {"StringEquals": {"sagemaker:ModelApprovalStatus": "Approved"}},
    ),
    (
        "iam-isolation",
        frozenset(f"sagemaker:Create{job}Job" for job in ("HyperParameterTuning", "Processing", "Training")),
        {"BoolIfExists": {"sagemaker:NetworkIsolation": "false"}},
    ),
)

#: Jobs that a denial may leave out where the project has Clarify's checks: those that ask the model over the network.
SPARED = ("ClarifyChecks", re.compile(r"arn:.*:processing-job/pipelines-\?{12}-(ModelBias|Explainability)-\*"))

#: Service principals that the project's policies name.
SERVICES = {
    f"{name}.amazonaws.com"
    for name in (
        "cloudformation",
        "cloudwatch",
        "codebuild",
        "codepipeline",
        "codestar-notifications",
        "events",
        "lambda",
        "sagemaker",
        "scheduler",
    )
}

#: Services that do not send aws:SourceAccount when they assume a role.
WITHOUT_SOURCE = {"lambda.amazonaws.com"}


def check(stack: Stack) -> Iterator[Finding]:
    for statement in statements(stack):
        yield from _shape(statement)
        yield from _wildcards(statement)
        yield from _principals(statement)
        if statement.effect == "Allow" and statement.use == "identity":
            yield from _pinned(statement)
            yield from _matching(statement)
        yield from _keys(statement, stack)
        yield from _passed(statement, stack)
    for resource in stack.resources.values():
        yield from _versions(resource)
    for role in stack.of("AWS::IAM::Role"):
        if role.properties.get("ManagedPolicyArns"):
            yield Finding(role.logical, "iam-managed", "a managed policy grants more than the role needs; write it out")
    yield from _denied(stack)


def _shape(statement: Statement) -> Iterator[Finding]:
    if statement.effect not in ("Allow", "Deny"):
        yield Finding(statement.place, "iam-effect", f"the effect is {statement.effect!r}")
    for member in ("NotAction", "NotResource", "NotPrincipal"):
        if member in statement.raw and not (member == "NotResource" and statement.effect == "Deny"):
            yield Finding(statement.place, "iam-not", f"{member} grants what nobody has listed")
    if not statement.actions or (statement.use != "trust" and not statement.resources + statement.spared):
        yield Finding(statement.place, "iam-empty", "a statement names actions and resources")


def _wildcards(statement: Statement) -> Iterator[Finding]:
    wide = [action for action in statement.actions if "*" in action]
    wide += [resource for resource in statement.resources if _is_wide(resource)]
    reasons = statement.resource.raw.get("Metadata", {}).get(REASONS, {})
    if wide and len(str(reasons.get(statement.sid, ""))) < 10:
        yield Finding(
            statement.place,
            "iam-wildcard",
            f"{', '.join(wide)} needs a reason in the resource's Metadata.{REASONS}.{statement.sid or 'SID'}",
        )


def _is_wide(resource: str) -> bool:
    """All of a service, or everything."""
    parts = resource.split(":", 5)
    return len(parts) < 6 or parts[2] == "*" or parts[5] in ("*", "*/*", "role/*", "")


def _principals(statement: Statement) -> Iterator[Finding]:
    if statement.use == "identity":
        return
    if not statement.principals:
        yield Finding(statement.place, "iam-principal", "a trust or resource policy names whom it is about")
    for principal in statement.principals if statement.effect == "Allow" else ():
        kind, _, value = principal.partition(":")
        if "*" in (principal, value):
            yield Finding(statement.place, "iam-principal", "everybody is allowed")
        elif kind == "Service" and value not in WITHOUT_SOURCE:
            if not statement.condition_of("aws:SourceAccount") + statement.condition_of("aws:SourceArn"):
                yield Finding(statement.place, "iam-deputy", f"without aws:SourceAccount {value} acts for any account")
        elif kind == "AWS" and value.endswith(":root") and _too_trusting(statement):
            yield Finding(statement.place, "iam-principal", "a whole account is allowed; pin aws:PrincipalArn")
    for principal in statement.principals:
        if principal.startswith("Service:") and principal.removeprefix("Service:") not in SERVICES:
            yield Finding(statement.place, "iam-principal", f"{principal[8:]} is none of the services in use")
        if principal.startswith("AWS:") and not re.fullmatch(r"AWS:(\*|arn:aws:iam::\d{12}:(root|role/.+))", principal):
            yield Finding(statement.place, "iam-principal", f"{principal[4:]} is no account and no role")


def _too_trusting(statement: Statement) -> bool:
    """A key's and the registry's own policies name accounts, whose IAM policies then decide."""
    wide = statement.use == "trust" or statement.resource.type == "AWS::S3::BucketPolicy"
    return wide and not statement.condition_of("aws:PrincipalArn")


def _pinned(statement: Statement) -> Iterator[Finding]:
    for action, key in PINNED.items():
        if action in statement.actions:
            values = statement.condition_of(key)
            if not values or any(value in ("*", "") for value in values):
                yield Finding(statement.place, "iam-pinned", f"{action} needs the condition {key}")
            elif action == "iam:PassRole" and any(not value.endswith(".amazonaws.com") for value in values):
                yield Finding(statement.place, "iam-pinned", f"{', '.join(values)} is no service to pass a role to")
    if "iam:PassRole" in statement.actions and any("*" in resource for resource in statement.resources):
        yield Finding(statement.place, "iam-pinned", "iam:PassRole names the roles, without a wildcard")
    for action in statement.actions:
        if POWERFUL.match(action):
            yield Finding(statement.place, "iam-powerful", f"no role of a project needs {action}")
    if "sts:AssumeRole" in statement.actions and any("*" in resource for resource in statement.resources):
        yield Finding(statement.place, "iam-pinned", "sts:AssumeRole names the roles, without a wildcard")


def _matching(statement: Statement) -> Iterator[Finding]:
    """An action on the resource of another service matches nothing: the grant looks right and is none."""
    services = {resource.split(":")[2] for resource in statement.resources if resource.count(":") >= 5}
    if not services or "*" in statement.resources:
        return
    for action in statement.actions:
        prefix = action.split(":")[0]
        if not services & ALIASES.get(prefix, {prefix}):
            yield Finding(
                statement.place, "iam-service", f"{action} never applies to a resource of {', '.join(services)}"
            )
    if "s3" in services:
        yield from _s3(statement)


def _s3(statement: Statement) -> Iterator[Finding]:
    """Actions on buckets take the bucket's ARN, actions on objects the ARN of keys below it."""
    keys = [resource for resource in statement.resources if "/" in resource]
    for action in statement.actions:
        on_objects = "Object" in action or action in ("s3:AbortMultipartUpload", "s3:ListMultipartUploadParts")
        if on_objects and not keys:
            yield Finding(statement.place, "iam-s3", f"{action} is about objects, the resources are buckets")
        if not on_objects and len(keys) == len(statement.resources):
            yield Finding(statement.place, "iam-s3", f"{action} is about buckets, the resources are objects")


def _versions(resource: Resource) -> Iterator[Finding]:
    """Without a version a policy is of 2008, in which `${aws:…}` is only text."""
    for document in documents(resource):
        if document.get("Version") != "2012-10-17":
            yield Finding(resource.logical, "iam-version", 'a policy needs Version "2012-10-17"')


def _keys(statement: Statement, stack: Stack) -> Iterator[Finding]:
    alias = f"alias/sagemaker-project-{stack.parameters.get('SageMakerProjectId')}"
    wide = statement.use == "identity" and any(resource.endswith(":key/*") for resource in statement.resources)
    if wide and statement.condition_of("kms:ResourceAliases") != [alias]:
        yield Finding(statement.place, "iam-keys", f"every key of the account; pin kms:ResourceAliases to {alias}")


def _passed(statement: Statement, stack: Stack) -> Iterator[Finding]:
    """A role is passed to exactly the services that it trusts."""
    services = statement.condition_of("iam:PassedToService")
    for role in stack.of("AWS::IAM::Role"):
        if "iam:PassRole" in statement.actions and role.arn in statement.resources:
            trusting = [one for one in of(role) if one.use == "trust"]
            trusted = {name.removeprefix("Service:") for one in trusting for name in one.principals}
            if set(services) != trusted:
                yield Finding(statement.place, "iam-passed", f"{role.logical} trusts {', '.join(sorted(trusted))}")
    for name in statement.condition_of("iam:AWSServiceName"):
        if not any(f"/{name}/" in resource for resource in statement.resources):
            yield Finding(statement.place, "iam-passed", f"{name} is not the service of the role in Resource")


def _denied(stack: Stack) -> Iterator[Finding]:
    """Whoever is allowed what stands in DENIED must be denied the case that stands beside it."""
    by_role: dict[str, list[Statement]] = {}
    for statement in statements(stack):
        if statement.use == "identity":
            by_role.setdefault(statement.resource.logical, []).append(statement)
    for role, own in by_role.items():
        for rule, actions, condition in DENIED:
            allowed = {action for one in own if one.effect == "Allow" for action in one.actions} & actions
            denying = [one for one in own if one.effect == "Deny" and one.condition == condition]
            denied = {action for one in denying if _everywhere(one, stack) for action in one.actions}
            if missing := sorted(allowed - denied):
                yield Finding(role, rule, f"{', '.join(missing)} must be denied under {condition}")


def _everywhere(denial: Statement, stack: Stack) -> bool:
    """Whether a denial holds for everything, but for what may be left out in this project."""
    switch, names = SPARED
    spares = stack.parameters.get(switch) == "true" and all(names.fullmatch(arn) for arn in denial.spared)
    return denial.resources == ("*",) or (bool(denial.spared) and spares)
