"""The strict check of a step's arguments against the request that the step sends."""

from collections.abc import Iterator
from typing import Any

from local_aws.pipelines.expressions import ExpressionError, Scope, evaluate, is_expression
from local_aws.pipelines.steps.kind import StepKind
from local_aws.wire.models import operation_model
from local_aws.wire.validate import violations

Document = dict[str, Any]


def argument_violations(kind: StepKind, arguments: Any, where: str) -> Iterator[str]:
    """One sentence for everything that the operation of `kind` would refuse; expressions are taken on trust."""
    if kind.operation is None:
        return
    shape: Any = operation_model("sagemaker", kind.operation).input_shape
    missing = tuple(f"the required member {name} is missing." for name in kind.supplied)
    for sentence in violations(shape, arguments, deferred=is_expression):
        if not sentence.endswith(missing) or not sentence.startswith("The request:"):
            yield f"{where}: {sentence}"


class Defaults:
    """A scope that knows the parameters' defaults alone: what a check can know before an execution."""

    def __init__(self, declared: list[Document]) -> None:
        self._values = {item["Name"]: item["DefaultValue"] for item in declared if "DefaultValue" in item}

    def parameter(self, name: str) -> Any:
        if name not in self._values:
            raise ExpressionError(f"{name} has no default.")
        return self._values[name]

    def execution(self, name: str) -> str:
        raise ExpressionError(f"{name} is known in an execution.")

    def properties(self, step: str) -> Any:
        raise ExpressionError(f"{step} has not run.")

    def property_file(self, step: str, name: str) -> Any:
        raise ExpressionError(f"{step} has not written {name}.")

    def json_object(self, uri: str) -> Any:
        raise ExpressionError(f"{uri} is not read yet.")


def with_known(value: Any, scope: Scope) -> Any:
    """`value` with the expressions replaced that have a value already; the others stay."""
    if is_expression(value):
        try:
            return evaluate(value, scope)
        except ExpressionError:
            return value
    if isinstance(value, dict):
        return {key: with_known(item, scope) for key, item in value.items()}
    if isinstance(value, list):
        return [with_known(item, scope) for item in value]
    return value
