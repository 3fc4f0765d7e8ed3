"""Faults to plant, a file for each template: name → (place, what stands there then, the rule that sees it)."""

import copy
from typing import Any

Fault = tuple[str, Any, str]

#: In the place of a value: the member is taken away.
GONE = object()


def planted(template: dict[str, Any], place: str, value: Any) -> dict[str, Any]:
    """A copy of the template with `value` at the place "Section/Name/…"; a callable gets what stands there.

    A list is entered by index. Raises KeyError when the way to the place is not there.
    """
    broken = copy.deepcopy(template)
    *above, last = place.split("/")
    inside: Any = broken
    for part in above:
        inside = inside[int(part)] if isinstance(inside, list) else inside[part]
    key: Any = int(last) if isinstance(inside, list) else last
    if value is GONE:
        del inside[key]
    else:
        inside[key] = value(inside[key]) if callable(value) else value
    return broken
