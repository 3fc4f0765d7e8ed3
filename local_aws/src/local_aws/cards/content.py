"""What the content of a model card may hold, as far as AWS publishes it.

Source: "Model card JSON schema" and, narrower, "Model package model card schema" of the SageMaker developer guide. Each
check yields a sentence for what does not fit at a path.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from local_aws.errors import AwsError

Check = Callable[[Any, str], Iterator[str]]

_FAULTS = 5


def text(longest: int, shortest: int = 0) -> Check:
    def check(value: Any, path: str) -> Iterator[str]:
        if not isinstance(value, str):
            yield f"{path} is no text"
        elif not shortest <= len(value) <= longest:
            yield f"{path} has {len(value)} characters, {shortest} to {longest} are allowed"

    return check


def number(value: Any, path: str) -> Iterator[str]:
    if isinstance(value, bool) or not isinstance(value, int | float):
        yield f"{path} is no number"


def choice(*allowed: str) -> Check:
    def check(value: Any, path: str) -> Iterator[str]:
        if value not in allowed:
            yield f"{path} is {value!r:.80}, it must be one of {', '.join(allowed)}"

    return check


def several(item: Check, least: int = 0, most: int | None = None) -> Check:
    def check(value: Any, path: str) -> Iterator[str]:
        if not isinstance(value, list):
            yield f"{path} is no list"
            return
        if len(value) < least or (most is not None and len(value) > most):
            yield f"{path} has {len(value)} items, {least} to {most} are allowed"
        for index, one in enumerate(value):
            yield from item(one, f"{path}[{index}]")

    return check


def record(members: Mapping[str, Check], required: tuple[str, ...] = (), *, others: Check | None = None) -> Check:
    """An object of `members`; `others` checks those beyond them, without it there must be none."""

    def check(value: Any, path: str) -> Iterator[str]:
        if not isinstance(value, dict):
            yield f"{path or 'the content'} is no object"
            return
        at = f"{path}." if path else ""
        yield from (f"{at}{name} is missing" for name in required if name not in value)
        for name, one in value.items():
            known = members.get(name, others)
            if known is None:
                yield f"{at}{name} is not known"
            else:
                yield from known(one, f"{at}{name}")

    return check


def by_type(kinds: Mapping[str, Check]) -> Check:
    """An object whose `type` says what it is."""

    def check(value: Any, path: str) -> Iterator[str]:
        kind = str(value.get("type")) if isinstance(value, dict) else ""
        if kind not in kinds:
            yield f"{path}.type is {kind!r:.80}, it must be one of {', '.join(kinds)}"
        else:
            yield from kinds[kind](value, path)

    return check


def _scalar(kind: str) -> Check:
    return {"number": number, "string": text(63), "boolean": _boolean}[kind]


def _boolean(value: Any, path: str) -> Iterator[str]:
    if not isinstance(value, bool):
        yield f"{path} is neither true nor false"


_AXIS, _AXES = text(63), several(text(63))


def _metric(kind: str, value: Check, x_axis: Check, y_axis: Check) -> Check:
    members = {
        "name": text(255, 1),
        "notes": text(1024),
        "type": choice(kind),
        "value": value,
        "x_axis_name": x_axis,
        "y_axis_name": y_axis,
    }
    return record(members, ("name", "type", "value"))


METRIC = by_type(
    {
        **{kind: _metric(kind, _scalar(kind), _AXIS, _AXIS) for kind in ("number", "string", "boolean")},
        "linear_graph": _metric("linear_graph", several(several(number, 2, 2), 1), _AXIS, _AXIS),
        "bar_chart": _metric("bar_chart", several(number, 1), _AXES, _AXIS),
        "matrix": _metric("matrix", several(several(number, 1, 20), 1, 20), _AXES, _AXES),
    }
)

_ADDRESSES = several(text(1024), 0, 15)
_IMAGES = record({"container_image": _ADDRESSES})
_TRAINING_METRIC = record({"name": text(255, 1), "notes": text(1024), "value": number}, ("name", "value"))
_HYPERPARAMETER = record({"name": text(255, 1), "value": text(255, 1)}, ("name", "value"))

_SECTIONS: dict[str, Check] = {
    "intended_uses": record(
        {
            "purpose_of_model": text(2048),
            "intended_uses": text(2048),
            "factors_affecting_model_efficiency": text(2048),
            "risk_rating": choice("High", "Medium", "Low", "Unknown"),
            "explanations_for_risk_rating": text(2048),
        }
    ),
    "business_details": record(
        {name: text(2048) for name in ("business_problem", "business_stakeholders", "line_of_business")}
    ),
    "training_details": record(
        {
            "objective_function": record({}, others=lambda _value, _path: iter(())),
            "training_observations": text(1024),
            "training_job_details": record(
                {
                    "training_arn": text(1024),
                    "training_datasets": _ADDRESSES,
                    "training_environment": _IMAGES,
                    "training_metrics": several(_TRAINING_METRIC, 0, 50),
                    "user_provided_training_metrics": several(_TRAINING_METRIC, 0, 50),
                    "hyper_parameters": several(_HYPERPARAMETER, 0, 100),
                    "user_provided_hyper_parameters": several(_HYPERPARAMETER, 0, 100),
                }
            ),
        }
    ),
    "evaluation_details": several(
        record(
            {
                "name": text(63, 1),
                "evaluation_observation": text(2096),
                "evaluation_job_arn": text(256),
                "datasets": several(text(1024), 0, 10),
                "metadata": record({}, others=text(1024)),
                "metric_groups": several(
                    record({"name": text(63, 1), "metric_data": several(METRIC)}, ("name", "metric_data"))
                ),
            },
            ("name",),
        )
    ),
    "additional_information": record(
        {
            "ethical_considerations": text(2048),
            "caveats_and_recommendations": text(2048),
            "custom_details": record({}, others=text(1024)),
        }
    ),
}

#: Members of the overview that a package's card has too.
_OVERVIEW: dict[str, Check] = {"model_creator": text(1024), "model_artifact": _ADDRESSES}

PACKAGE = record({"model_overview": record(_OVERVIEW), **_SECTIONS})

CARD = record(
    {
        "model_overview": record(
            {
                **_OVERVIEW,
                **{
                    name: text(1024)
                    for name in (
                        "model_id", "model_name", "model_description", "problem_type", "algorithm_type", "model_owner",
                    )
                },
                "model_version": number,
                "inference_environment": _IMAGES,
            }
        ),
        "model_package_details": record({}, others=lambda _value, _path: iter(())),
        **_SECTIONS,
    }
)  # fmt: skip


def require(content: str, shape: Check, member: str) -> None:
    """Raises AwsError "ValidationException" that names what does not fit in the JSON text `content`."""
    try:
        value = json.loads(content)
    except ValueError as error:
        raise AwsError("ValidationException", f"{member} is not JSON: {error}.") from None
    if faults := list(shape(value, "")):
        more = f"; and {len(faults) - _FAULTS} more" if len(faults) > _FAULTS else ""
        raise AwsError(
            "ValidationException",
            f"{member} does not fit the model card JSON schema: {'; '.join(faults[:_FAULTS])}{more}.",
        )
