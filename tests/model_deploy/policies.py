"""Policies decided as IAM decides them, for one role of a resolved template: a denial wins, then what is allowed.

Source: "Policy evaluation logic" and "IAM JSON policy elements: Condition operators", IAM user guide.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from model_deploy.verify.policies import Statement, listed, of
from model_deploy.verify.resolve import Resource


def allows(role: Resource, action: str, arn: str, **context: str | list[str]) -> bool:
    """Whether the role may do so; `context` holds condition keys, with __ for the colon."""
    keys = {name.replace("__", ":").casefold(): listed(value) for name, value in context.items()}
    own = [one for one in of(role) if one.use == "identity" and _applies(one, action, arn, keys)]
    return any(one.effect == "Allow" for one in own) and not any(one.effect == "Deny" for one in own)


def _applies(statement: Statement, action: str, arn: str, keys: Mapping[str, tuple[str, ...]]) -> bool:
    named = any(_like(arn, pattern) for pattern in statement.resources)
    spared = any(_like(arn, pattern) for pattern in statement.spared)
    return (
        any(_like(action.casefold(), pattern.casefold()) for pattern in statement.actions)
        and (named if statement.resources else not spared)
        and all(_holds(operator, wanted, keys) for operator, wanted in statement.condition.items())
    )


def _holds(operator: str, wanted: Mapping[str, Any], keys: Mapping[str, tuple[str, ...]]) -> bool:
    """Raises KeyError for an operator that is not known here."""
    if operator == "Null":
        return all((key.casefold() not in keys) is (value == "true") for key, value in wanted.items())
    absent = operator.endswith("IfExists")
    matches = MATCHES[operator.removeprefix("ForAnyValue:").removesuffix("IfExists")]
    return all(
        any(matches(held, listed(values)) for held in keys[key.casefold()]) if key.casefold() in keys else absent
        for key, values in wanted.items()
    )


def _like(text: str, pattern: str) -> bool:
    wild = "".join({"*": ".*", "?": "."}.get(one, re.escape(one)) for one in pattern)
    return re.fullmatch(wild, text) is not None


#: Operator → whether one value of the request holds against those of the statement.
MATCHES: Mapping[str, Callable[[str, tuple[str, ...]], bool]] = {
    "StringEquals": lambda held, wanted: held in wanted,
    "StringNotEquals": lambda held, wanted: held not in wanted,
    "StringLike": lambda held, wanted: any(_like(held, one) for one in wanted),
    "ArnLike": lambda held, wanted: any(_like(held, one) for one in wanted),
    "Bool": lambda held, wanted: held.casefold() in [one.casefold() for one in wanted],
}
