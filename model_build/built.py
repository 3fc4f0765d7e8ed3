"""A definition that has been written, with all that starting it needs; free of the SDK."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from model_build.assets import Assets
from model_build.target import Target

#: What an execution is told of data and of a newest package that are not there.
NONE = "none"


@dataclass(frozen=True)
class Built:
    """A definition and what it points to.

    folder      the pipeline's own
    text        the JSON that CreatePipeline takes
    group       the model package group that it registers in
    input_data  the configuration's default of InputDataUrl
    source      how the configuration chooses among data: query, database, workgroup; partition, window_days
    """

    name: str
    folder: Path
    text: str
    description: str
    group: str
    target: Target
    assets: Assets
    input_data: str | None
    kms_key: str | None
    tags: Mapping[str, str]
    source: Mapping[str, Any] = field(default_factory=dict)

    def definition(self) -> str:
        """The JSON that CreatePipeline takes."""
        return self.text
