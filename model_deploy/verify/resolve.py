"""A template with parameters becomes the resources that would be made: conditions decided, intrinsics evaluated."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from contract.documents import Document
from contract.errors import InputError
from model_deploy.parameters import text
from model_deploy.verify import identity

NOTHING = object()
_PLACEHOLDER = re.compile(r"\$\{(!?)([^}]*)\}")

PSEUDO: Mapping[str, Any] = {
    "AWS::AccountId": identity.ACCOUNT,
    "AWS::Region": identity.REGION,
    "AWS::Partition": identity.PARTITION,
    "AWS::URLSuffix": "amazonaws.com",
    "AWS::StackName": "sagemaker-credit-p-1-deploy-staging",
    "AWS::StackId": f"arn:aws:cloudformation:{identity.REGION}:{identity.ACCOUNT}:stack/credit/1",
    "AWS::NotificationARNs": [],
    "AWS::NoValue": NOTHING,
}


@dataclass(frozen=True)
class Resource:
    """A resource that would be made; `raw` is its entry in the template."""

    logical: str
    type: str
    properties: Document
    raw: Document

    @property
    def name(self) -> str:
        return identity.name(self.type, self.logical, self.properties)

    @property
    def arn(self) -> str:
        return identity.arn(self.type, self.logical, self.properties)


@dataclass(frozen=True)
class Stack:
    """`parameters`: name → the value that Ref yields; `resources`: logical id → what would be made."""

    parameters: Document
    resources: Mapping[str, Resource]
    outputs: Document

    @property
    def own_account(self) -> str:
        return identity.ACCOUNT

    def of(self, *types: str) -> list[Resource]:
        return [resource for resource in self.resources.values() if resource.type in types]

    def named(self, type_name: str, name: Any) -> Resource | None:
        return next((one for one in self.of(type_name) if one.name == name), None)


def resolve(template: Document, given: Mapping[str, str]) -> Stack:
    """`given`: parameter → text, as in a template configuration.

    Raises InputError for what CloudFormation could not evaluate: a reference to nothing, or to what is not made.
    """
    if untyped := [logical for logical, raw in template["Resources"].items() if not isinstance(raw.get("Type"), str)]:
        raise InputError(f"{', '.join(untyped)} has no Type.")
    try:
        return _resolved(Evaluation(template, given))
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise InputError(f"An intrinsic has arguments that CloudFormation does not take: {error!r}.") from None


def _resolved(evaluation: "Evaluation") -> Stack:
    template = evaluation.template
    resources = {
        logical: Resource(logical, raw["Type"], evaluation.properties(logical), raw)
        for logical, raw in template["Resources"].items()
        if evaluation.made(raw)
    }
    outputs = {
        name: evaluation.value(output["Value"])
        for name, output in template.get("Outputs", {}).items()
        if evaluation.made(output)
    }
    parameters = {name: evaluation.parameter(name) for name in template.get("Parameters", {})}
    return Stack(parameters, resources, outputs)


class Evaluation:
    """One template under one set of parameters."""

    def __init__(self, template: Document, given: Mapping[str, str]) -> None:
        self.template, self.given = template, given
        self._properties: dict[str, Document] = {}
        self._open: list[str] = []

    def made(self, entry: Document) -> bool:
        return "Condition" not in entry or self.condition(entry["Condition"])

    def properties(self, logical: str) -> Document:
        """The properties, each evaluated once. Raises InputError when resources need each other."""
        if logical in self._open:
            raise InputError(f"{' → '.join([*self._open, logical])}: these resources need each other.")
        if logical not in self._properties:
            self._open.append(logical)
            evaluated = self.value(self.template["Resources"][logical].get("Properties", {}))
            self._open.pop()
            self._properties[logical] = evaluated if isinstance(evaluated, dict) else {}
        return self._properties[logical]

    def value(self, node: Any) -> Any:
        """The node with its intrinsics evaluated; what is AWS::NoValue falls out of lists and objects."""
        if isinstance(node, list):
            return [value for value in map(self.value, node) if value is not NOTHING]
        if not isinstance(node, dict):
            return node
        if len(node) == 1 and (name := next(iter(node))) in INTRINSICS:
            return INTRINSICS[name](self, node[name])
        return {key: value for key, inner in node.items() if (value := self.value(inner)) is not NOTHING}

    def parameter(self, name: str) -> Any:
        """The typed value of a parameter. Raises InputError when it is neither given nor has a default."""
        declared = self.template["Parameters"][name]
        if name not in self.given and "Default" not in declared:
            raise InputError(f"The parameter {name} has no value.")
        value = str(self.given.get(name, declared.get("Default")))
        if declared["Type"] == "Number":
            return _number(name, value)
        if declared["Type"] in ("CommaDelimitedList", "List<String>", "List<Number>"):
            return value.split(",")
        return value

    def condition(self, name: str) -> bool:
        if name not in self.template.get("Conditions", {}):
            raise InputError(f"There is no condition {name}.")
        return bool(self.value(self.template["Conditions"][name]))

    def ref(self, name: str) -> Any:
        if name in PSEUDO:
            return PSEUDO[name]
        if name in self.template.get("Parameters", {}):
            return self.parameter(name)
        raw = self._resource(name)
        return identity.ref(raw["Type"], name, self._own(name))

    def attribute(self, argument: Any) -> Any:
        logical, wanted = argument.split(".", 1) if isinstance(argument, str) else (argument[0], str(argument[1]))
        raw = self._resource(logical)
        return identity.attribute(raw["Type"], logical, self._own(logical), wanted)

    def _own(self, logical: str) -> Document:
        """The property that names the resource, evaluated alone: a policy may name the resource that holds it."""
        kind = identity.KINDS.get(self.template["Resources"][logical]["Type"], identity.UNKNOWN)
        given = self.template["Resources"][logical].get("Properties", {}).get(kind.name)
        return {kind.name: self.value(given)} if kind.name and given is not None else {}

    def _resource(self, logical: str) -> Document:
        raw: Document | None = self.template["Resources"].get(logical)
        if raw is None:
            raise InputError(f"There is neither a parameter nor a resource {logical}.")
        if not self.made(raw):
            raise InputError(f"{logical} is referred to, and under these parameters it is not made.")
        return raw


def _number(name: str, value: str) -> int | float:
    try:
        return int(value) if re.fullmatch(r"-?\d+", value) else float(value)
    except ValueError:
        raise InputError(f"The parameter {name} is a number, not {value!r}.") from None


def _sub(evaluation: Evaluation, argument: Any) -> str:
    pattern, own = (argument, {}) if isinstance(argument, str) else argument

    def put(match: re.Match[str]) -> str:
        literal, name = match.groups()
        if literal:
            return f"${{{name}}}"
        if name in own:
            return text(evaluation.value(own[name]))
        return text(evaluation.attribute(name) if "." in name else evaluation.ref(name))

    return _PLACEHOLDER.sub(put, pattern)


def _if(evaluation: Evaluation, argument: Any) -> Any:
    if not isinstance(argument, list) or len(argument) != 3:
        raise InputError("Fn::If takes a condition and two values.")
    return evaluation.value(argument[1 if evaluation.condition(argument[0]) else 2])


def _equals(evaluation: Evaluation, argument: Any) -> bool:
    left, right = (evaluation.value(side) for side in argument)
    return text(left) == text(right)


def _refused(_: Evaluation, argument: Any) -> Any:
    raise InputError(f"An intrinsic that this check does not know stands over {str(argument)[:60]!r}.")


INTRINSICS: Mapping[str, Callable[[Evaluation, Any], Any]] = {
    "Ref": lambda evaluation, name: evaluation.ref(name),
    "Condition": lambda evaluation, name: (
        evaluation.condition(name) if isinstance(name, str) else {"Condition": evaluation.value(name)}
    ),
    "Fn::GetAtt": lambda evaluation, argument: evaluation.attribute(argument),
    "Fn::Sub": _sub,
    "Fn::If": _if,
    "Fn::Equals": _equals,
    "Fn::Not": lambda evaluation, argument: not evaluation.value(argument[0]),
    "Fn::And": lambda evaluation, argument: all(evaluation.value(one) for one in argument),
    "Fn::Or": lambda evaluation, argument: any(evaluation.value(one) for one in argument),
    "Fn::Join": lambda evaluation, argument: argument[0].join(text(part) for part in evaluation.value(argument[1])),
    "Fn::Select": lambda evaluation, argument: evaluation.value(argument[1])[int(argument[0])],
    "Fn::Split": lambda evaluation, argument: evaluation.value(argument[1]).split(argument[0]),
    "Fn::Base64": lambda evaluation, argument: evaluation.value(argument),
    "Fn::FindInMap": _refused,
    "Fn::ImportValue": _refused,
    "Fn::GetAZs": _refused,
    "Fn::Cidr": _refused,
    "Fn::Transform": _refused,
}
