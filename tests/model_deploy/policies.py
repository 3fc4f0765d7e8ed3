"""Policies decided as IAM decides them, for one role of a resolved template: a denial wins, then what is allowed.

Source: "Policy evaluation logic" and "IAM JSON policy elements: Condition operators", IAM user guide.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from model_deploy.verify.policies import Statement, listed, of
from model_deploy.verify.resolve import Resource


def allows(role: Resource, action: str, arn: str, **context: str) -> bool:
    """Whether the role may do so; `context` holds condition keys, with __ for the colon."""
    keys = {name.replace("__", ":").casefold(): value for name, value in context.items()}
    own = [one for one in of(role) if one.use == "identity" and _applies(one, action, arn, keys)]
    return any(one.effect == "Allow" for one in own) and not any(one.effect == "Deny" for one in own)


def _applies(statement: Statement, action: str, arn: str, keys: Mapping[str, str]) -> bool:
    named = any(_like(arn, pattern) for pattern in statement.resources)
    spared = any(_like(arn, pattern) for pattern in statement.spared)
    return (
        any(_like(action.casefold(), pattern.casefold()) for pattern in statement.actions)
        and (named if statement.resources else not spared)
        and all(_holds(operator, wanted, keys) for operator, wanted in statement.condition.items())
    )


def _holds(operator: str, wanted: Mapping[str, Any], keys: Mapping[str, str]) -> bool:
    """Raises KeyError for an operator that is not known here."""
    matches = MATCHES[operator.removesuffix("IfExists")]
    absent = operator.endswith("IfExists")
    return all(
        any(matches(keys[key.casefold()], value) for value in listed(values)) if key.casefold() in keys else absent
        for key, values in wanted.items()
    )


def _like(text: str, pattern: str) -> bool:
    wild = "".join({"*": ".*", "?": "."}.get(one, re.escape(one)) for one in pattern)
    return re.fullmatch(wild, text) is not None


MATCHES: Mapping[str, Callable[[str, str], bool]] = {
    "StringEquals": lambda held, wanted: held == wanted,
    "StringLike": _like,
    "ArnLike": _like,
    "Bool": lambda held, wanted: held.casefold() == wanted.casefold(),
}
