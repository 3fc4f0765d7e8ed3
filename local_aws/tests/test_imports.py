"""Rooms that call each other do so through `Aws.handlers` and parts, so that one can be read without all others."""

from graphlib import TopologicalSorter

import grimp


def test_nothing_imports_in_a_circle() -> None:
    graph = grimp.build_graph("local_aws", cache_dir=None)
    assert len(graph.modules) > 300
    TopologicalSorter({name: graph.find_modules_directly_imported_by(name) for name in graph.modules}).prepare()
