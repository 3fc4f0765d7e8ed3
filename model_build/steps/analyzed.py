"""What the engines of the analysis have in common: where the documents lie that the later steps read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Analyzed:
    """Steps of an analysis, and addresses in S3 of documents in Clarify's schema.

    folders    input of Verdict → what it reads, an analysis.json each
    documents  argument of ModelMetrics → what the package is registered with
    baselines  argument of DriftCheckBaselines → what later versions are held against
    """

    steps: list[Any] = field(default_factory=list)
    folders: Mapping[str, Any] = field(default_factory=dict)
    documents: Mapping[str, Any] = field(default_factory=dict)
    baselines: Mapping[str, Any] = field(default_factory=dict)
