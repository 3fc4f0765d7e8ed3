"""Texts on their way to SageMaker, which takes descriptions of a bounded length and without control characters."""

import unicodedata

#: What a description, SageMaker's EntityDescription, may have: characters, and the first letters of their categories.
DESCRIPTION = 1024
CATEGORIES = "LMZSNP"


def plain(text: str) -> str:
    """The text on one line: each run of white space and of what no description may hold is one space."""
    return " ".join("".join(one if unicodedata.category(one)[0] in CATEGORIES else " " for one in text).split())


def within(text: str, most: int) -> str:
    """The text with at most `most` characters; what is cut ends with …"""
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"
