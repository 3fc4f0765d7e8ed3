"""The strict check of a pipeline definition: what CreatePipeline, or a job after half an hour, would refuse.

AWS's published JSON schema of the definition language is out of date, and botocore's own validator ignores enums,
patterns and ranges. So each step's arguments are held against the shape of the request that the step makes.
"""

import json

from contract.errors import InputError
from model_build.check.pipeline import violations
from model_build.check.references import downstream

__all__ = ["downstream", "refuse", "violations"]


def refuse(definition: str) -> None:
    """Raise InputError, a line each, when `definition` has violations."""
    if found := violations(json.loads(definition)):
        raise InputError("\n".join(f"The pipeline definition would be refused: {line}" for line in found))
