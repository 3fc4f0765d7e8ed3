"""What a data scientist edits: pipelines, their steps, and the programs inside the jobs."""

import importlib
from typing import Any

_OFFERED = ("build", "start", "upsert")


def __getattr__(name: str) -> Any:
    """`build`, `upsert` and `start` of `model_build.executions`, found late: this file travels into every job."""
    if name in _OFFERED:
        return getattr(importlib.import_module("model_build.executions"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
