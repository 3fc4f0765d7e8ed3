"""Definitions, written once for all tests of this room."""

import json
from pathlib import Path
from typing import Any

import pytest

from model_build.target import Target

TARGET = Target(
    region="eu-central-1",
    account="123456789012",
    bucket="artifacts",
    role="arn:aws:iam::123456789012:role/pipeline",
)

CREDIT = Path(__file__).parents[2] / "model_build/pipelines/credit"

SMALL = """
[columns]
label = "bought"
task = "binary"
positive = "yes"
numeric = ["age", "visits"]
categorical = ["city"]
"""


@pytest.fixture(scope="session")
def credit() -> dict[str, Any]:
    """The definition of `credit`, parsed."""
    return define(CREDIT)


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A pipeline's folder with a short configuration."""
    folder = tmp_path / "small"
    folder.mkdir()
    (folder / "config.toml").write_text(SMALL, encoding="utf-8")
    return folder


def define(folder: Path, **arguments: Any) -> dict[str, Any]:
    """The definition of the pipeline in `folder`, parsed."""
    from model_build.pipeline import get_pipeline  # seconds, and not needed by every test here

    pipeline = get_pipeline(pipeline_name=folder.name, folder=folder, target=TARGET, **arguments)
    definition: dict[str, Any] = json.loads(pipeline.definition())
    return definition
