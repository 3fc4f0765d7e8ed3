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
    """One statement; `principals` are "Service:…", "AWS:…" or "*"; `spared` is NotResource."""

    resource: Resource
    use: Use
    sid: str
    effect: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    spared: tuple[str, ...]
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
    for use, document in _documents(resource):
        raw = document.get("Statement", [])
        for one in raw if isinstance(raw, list) else [raw]:
            yield _statement(resource, use, one)


def documents(resource: Resource) -> list[Document]:
    """The policies of one resource."""
    return [document for _, document in _documents(resource)]


def _documents(resource: Resource) -> Iterator[tuple[Use, Document]]:
    found: list[tuple[Use, Any]] = []
    if row := DOCUMENTS.get(resource.type):
        found.append((row[1], resource.properties.get(row[0])))
    for policy in resource.properties.get("Policies", []) if resource.type == "AWS::IAM::Role" else []:
        found.append(("identity", policy.get("PolicyDocument")))
    yield from ((use, document) for use, document in found if isinstance(document, dict))


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
        spared=listed(raw.get("NotResource")),
        principals=principals,
        condition=raw.get("Condition", {}),
        raw=raw,
    )
