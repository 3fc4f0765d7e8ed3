"""Strict check of a pipeline definition."""


def refuse(definition: str) -> None:
    """Raise InputError when `definition` has violations."""
