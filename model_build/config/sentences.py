"""What pydantic finds wrong, as sentences that say what to write."""

from collections.abc import Iterator, Sequence
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

#: Pydantic's type of a fault → what to write; {…} is of the fault's context.
WORDS: dict[str, str] = {
    **dict.fromkeys(("int_type", "int_parsing", "int_from_float", "int_parsing_size"), "write a whole number"),
    **dict.fromkeys(("float_type", "float_parsing"), "write a number"),
    **dict.fromkeys(("bool_type", "bool_parsing"), "write true or false"),
    **dict.fromkeys(("tuple_type", "list_type"), 'write a list, ["…", "…"]'),
    **dict.fromkeys(("dict_type", "model_type", "model_attributes_type"), "write a table"),
    "finite_number": "write a finite number",
    "string_type": "write a text, in quotation marks",
    "literal_error": "write {expected}",
    "greater_than": "it must be above {gt:g}",
    "greater_than_equal": "it must be at least {ge:g}",
    "less_than": "it must be below {lt:g}",
    "less_than_equal": "it must be at most {le:g}",
    "string_too_short": "write at least {min_length} character(s)",
    "string_too_long": "write at most {max_length} characters",
}

#: A pattern → what to write instead.
PATTERNS: dict[str, str] = {
    r"^s3://[^/]+/.+": "write an address of data, s3://bucket/folder/",
    r"^s3://[^/]+/": "write an address, s3://bucket/folder/",
    r"^[\w-]+$": "write letters, digits, _ and - alone",
    r"^ml\.": "write an instance type, ml.m5.large",
    r"^https?://[^/]+": "write an address, http://host:port",
    r"^P(\d+D|(\d+D)?T\d+[HMS](\d+M)?(\d+S)?)$": "write a duration of ISO 8601, P30D or PT12H",
    r"^\((-?[01](, ?-?[01])*,?)?\)$": 'write -1, 0 or 1 for each feature, "(1,0,-1)"',
    r"^\[(\[(\d+(, ?\d+)*)?\](, ?\[(\d+(, ?\d+)*)?\])*)?\]$": 'write lists of features\' numbers, "[[0,1],[2]]"',
}

#: What pydantic calls the members of a union; they are no part of the key.
MEMBERS: dict[str, str] = {"int": "a number", "float": "a number", "str": "a text", "bool": "true or false"}


def sentences(error: ValidationError) -> Iterator[str]:
    """One sentence per key, which it begins with; a key of several types is named once."""
    faults: dict[tuple[int | str, ...], list[ErrorDetails]] = {}
    for fault in error.errors():
        faults.setdefault(_key(fault), []).append(fault)
    for key, here in faults.items():
        name = ".".join(str(part) for part in key)
        if here[0]["type"] == "extra_forbidden":
            yield f"{name}: this key is not known here; remove it or mend its spelling."
        elif here[0]["type"] == "missing":
            yield f"{name}: this key is missing."
        else:
            yield f"{name} = {here[0]['input']!r}: {_union(here)}."


def words(fault: ErrorDetails) -> str:
    """What to write, as a clause."""
    context: dict[str, Any] = fault.get("ctx", {})
    kind = fault["type"]
    if kind == "string_pattern_mismatch" and context["pattern"] in PATTERNS:
        return PATTERNS[context["pattern"]]
    if kind == "too_long":
        return f"write at most {context['max_length']} entries; these are {context['actual_length']}"
    if kind == "too_short":
        return f"write at least {context['min_length']} of them"
    if kind in WORDS:
        return WORDS[kind].format(**context)
    return f"{fault['msg'][0].lower()}{fault['msg'][1:]}"


def _union(faults: Sequence[ErrorDetails]) -> str:
    """What to write where one of several types would do."""
    if len(faults) == 1:
        return words(faults[0])
    if any(fault["type"] == "finite_number" for fault in faults):
        return WORDS["finite_number"]
    members = dict.fromkeys(MEMBERS.get(str(fault["loc"][-1]), "a list") for fault in faults)
    return f"write {' or '.join(members)}"


def _key(fault: ErrorDetails) -> tuple[int | str, ...]:
    """The place without the members of a union."""
    place = fault["loc"]
    while len(place) > 1 and _is_member(place[-1]):
        place = place[:-1]
    return place


def _is_member(part: int | str) -> bool:
    return isinstance(part, str) and (part in MEMBERS or part.startswith("list["))
