"""How many test rows each compared group has, where Clarify compared them: its `analysis.json` does not say."""

from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq

from analysis.bias.groups import Facet, Group, groups, threshold_of
from analysis.fairness import OF_ALL_ROWS, SECTIONS
from contract.documents import Document
from model_build.jobs.raw_columns import Column


def counted(analysis: Document, rows: Path) -> Document:
    """Facet → group → rows of the group and of the others, among those in `rows`, which Evaluate left for Clarify."""
    facets = analysis.get(SECTIONS[1], {}).get("facets", {})
    if not facets or not rows.is_dir():
        return {}
    table = pq.read_table(rows, columns=list(facets))
    return {
        facet: {group.name: [group.size, group.others] for group in _known(facet, found, table[facet].to_numpy())}
        for facet, found in facets.items()
    }


def _known(facet: str, found: list[Document], column: Column) -> Iterator[Group]:
    """The groups of which the name says who they are: one that has figures has rows."""
    for entry in found:
        name = entry["value_or_threshold"]
        cut = threshold_of(name)
        (group,) = groups([Facet(facet, (name,)) if cut is None else Facet(facet, threshold=cut)], {facet: column})
        figures = [metric["value"] for metric in entry["metrics"] if metric["name"] not in OF_ALL_ROWS]
        if group.size or all(value is None for value in figures):
            yield group
