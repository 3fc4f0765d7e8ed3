"""Texts of a bounded length: descriptions, which SageMaker takes so and without control characters, and lists."""

import unicodedata
from collections.abc import Callable, Collection

#: What a description, SageMaker's EntityDescription, may have: characters, and the first letters of their categories.
DESCRIPTION = 1024
CATEGORIES = "LMZSNP"


def plain(text: str) -> str:
    """The text on one line: each run of white space and of what no description may hold is one space."""
    return " ".join("".join(one if unicodedata.category(one)[0] in CATEGORIES else " " for one in text).split())


def within(text: str, most: int) -> str:
    """The text with at most `most` characters; what is cut ends with …"""
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"


def listed(names: Collection[str], most: int = 10, spelled: Callable[[str], str] = repr) -> str:
    """The first names, and how many there are beside them: 'a', 'b' and 3 more."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(map(spelled, list(names)[:most])) + more
