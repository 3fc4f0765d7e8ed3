"""A value of a definition against a shape of SageMaker's service model; expressions are resolved in their places."""

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import botocore.session

from contract.shapes import SCALARS, violations
from model_build.check.expressions import is_expression

#: A value in the place of a scalar that is an expression is checked by this: (place, expression, shape) → sentences.
Resolver = Callable[[str, Any, Any], Iterator[str]]


@cache
def model() -> Any:
    """SageMaker's service model."""
    return botocore.session.Session().get_service_model("sagemaker")


def check(value: Any, shape: Any, place: str, resolve: Resolver) -> Iterator[str]:
    """One sentence per violation, each beginning with the place."""

    def expression(place: str, value: Any, shape: Any) -> Iterator[str] | None:
        if not is_expression(value):
            return None
        if shape.type_name not in SCALARS:
            return iter([f"{place}: an expression stands where a {shape.type_name} is needed"])
        return resolve(place, value, shape)

    yield from violations(value, shape, place, expression)
