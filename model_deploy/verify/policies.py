"""Where the policies of a template are, and their statements with everything spelt as lists."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from contract.documents import Document
from model_deploy.verify.resolve import Resource, Stack

Use = Literal["identity", "trust", "resource"]

#: Type → property that holds a policy, and what it is for. Role policies lie deeper.
DOCUMENTS: dict[str, tuple[str, Use]] = {
    "AWS::IAM::Role": ("AssumeRolePolicyDocument", "trust"),
    "AWS::KMS::Key": ("KeyPolicy", "resource"),
    "AWS::S3::BucketPolicy": ("PolicyDocument", "resource"),
    "AWS::SNS::TopicPolicy": ("PolicyDocument", "resource"),
    "AWS::SQS::QueuePolicy": ("PolicyDocument", "resource"),
    "AWS::SageMaker::ModelPackageGroup": ("ModelPackageGroupPolicy", "resource"),
}


@dataclass(frozen=True)
class Statement:
    """One statement; `principals` are "Service:…", "AWS:…" or "*"."""

    resource: Resource
    use: Use
    sid: str
    effect: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    principals: tuple[str, ...]
    condition: Document
    raw: Document

    @property
    def place(self) -> str:
        return f"{self.resource.logical}.{self.sid or 'Statement'}"

    def condition_of(self, key: str) -> list[str]:
        """The values that the condition key must have, whatever the operator and the case."""
        return [
            value
            for operator in self.condition.values()
            for name, values in operator.items()
            if name.casefold() == key.casefold()
            for value in listed(values)
        ]


def listed(value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    return tuple(str(one) for one in value) if isinstance(value, list) else (str(value),)


def statements(stack: Stack) -> Iterator[Statement]:
    for resource in stack.resources.values():
        yield from of(resource)


def of(resource: Resource) -> Iterator[Statement]:
    """The statements of one resource."""
    documents: list[tuple[Use, Any]] = []
    if found := DOCUMENTS.get(resource.type):
        documents.append((found[1], resource.properties.get(found[0])))
    for policy in resource.properties.get("Policies", []) if resource.type == "AWS::IAM::Role" else []:
        documents.append(("identity", policy.get("PolicyDocument")))
    for use, document in documents:
        if isinstance(document, dict):
            raw = document.get("Statement", [])
            for one in raw if isinstance(raw, list) else [raw]:
                yield _statement(resource, use, one)


def _statement(resource: Resource, use: Use, raw: Document) -> Statement:
    principal = raw.get("Principal")
    if isinstance(principal, dict):
        principals = tuple(f"{kind}:{value}" for kind, values in principal.items() for value in listed(values))
    else:
        principals = listed(principal)
    return Statement(
        resource=resource,
        use=use,
        sid=str(raw.get("Sid", "")),
        effect=str(raw.get("Effect")),
        actions=listed(raw.get("Action")),
        resources=listed(raw.get("Resource")),
        principals=principals,
        condition=raw.get("Condition", {}),
        raw=raw,
    )
