"""QueryLineage: what can be reached from a thing along the associations, breadth first.

Source: API_QueryLineage and API_QueryFilters.
"""

from collections import defaultdict, deque
from collections.abc import Mapping
from typing import Any

from local_aws import crud
from local_aws.errors import AwsError
from local_aws.lineage import associations, entities
from local_aws.operations import Aws, Operations, Request, Result

Document = dict[str, Any]

#: MaxDepth of a request without one, and of all.
DEPTH = 10

_SIZE = 50

#: Direction → the end of an association from which one goes on.
_ENDS = {
    "Ascendants": ("DestinationArn",),
    "Descendants": ("SourceArn",),
    "Both": ("DestinationArn", "SourceArn"),
}
_OTHER = {"DestinationArn": "SourceArn", "SourceArn": "DestinationArn"}


def query(aws: Aws, request: Request) -> Result:
    """Vertices, without the start, and with IncludeEdges the associations that were gone along."""
    start = next(iter(request.get("StartArns") or []), None)
    if start is None:
        raise AwsError("ValidationException", "StartArns needs an ARN.")
    entities.of_arn(start).get(aws, start)
    depths, edges = _reach(aws, start, request.get("Direction", "Both"), request.get("MaxDepth", DEPTH))
    vertices = [_vertex(aws, arn) | {"Depth": depth} for arn, depth in depths.items() if arn != start]
    filters = request.get("Filters") or {}
    chosen = [vertex for vertex in vertices if _fits(vertex, filters)]
    found, token = crud.cut(
        chosen,
        lambda vertex: [vertex["Depth"], vertex["Arn"]],
        request.get("NextToken"),
        request.get("MaxResults", _SIZE),
    )
    shown = [{name: vertex[name] for name in ("Arn", "Type", "LineageType")} for vertex in found]
    answer: Document = {"Vertices": shown, "NextToken": token}
    if request.get("IncludeEdges", True):
        kept = {vertex["Arn"] for vertex in chosen} | {start}
        answer["Edges"] = [edge for edge in edges if {edge["SourceArn"], edge["DestinationArn"]} <= kept]
    return answer


def _reach(aws: Aws, start: str, direction: str, limit: int) -> tuple[dict[str, int], list[Document]]:
    """ARN → its distance from the start, and the associations on the way."""
    by_end: dict[str, dict[str, list[Document]]] = {end: defaultdict(list) for end in _OTHER}
    for association in associations.every(aws):
        for end in _OTHER:
            by_end[end][association[end]].append(association)
    depths, edges = {start: 0}, {}
    # Each side on its own: the other product of an ancestor is no relative of what one looks at.
    for end in _ENDS[direction]:
        waiting, seen = deque([(start, 0)]), {start}
        while waiting:
            arn, depth = waiting.popleft()
            if depth >= limit:
                continue
            for association in by_end[end][arn]:
                other = association[_OTHER[end]]
                edges[arn, other, end] = association
                if other not in seen:
                    seen.add(other)
                    depths.setdefault(other, depth + 1)
                    waiting.append((other, depth + 1))
    return depths, list(edges.values())


def _vertex(aws: Aws, arn: str) -> Document:
    kind = entities.of_arn(arn)
    document = aws.store.get(kind.store_kind, kind.key_of(arn)) or {}
    return document | {"Arn": arn, "Type": associations.type_of(kind, document), "LineageType": kind.noun}


def _fits(vertex: Document, filters: Mapping[str, Any]) -> bool:
    times = {
        "CreatedBefore": ("CreationTime", -1),
        "CreatedAfter": ("CreationTime", 1),
        "ModifiedBefore": ("LastModifiedTime", -1),
        "ModifiedAfter": ("LastModifiedTime", 1),
    }
    properties = vertex.get("Properties") or {}
    return (
        vertex["Type"] in filters.get("Types", [vertex["Type"]])
        and vertex["LineageType"] in filters.get("LineageTypes", [vertex["LineageType"]])
        and all(properties.get(name) == value for name, value in filters.get("Properties", {}).items())
        and all(
            sign * (vertex[member] - filters[name]) >= 0 for name, (member, sign) in times.items() if name in filters
        )
    )


def register(operations: Operations) -> None:
    operations("QueryLineage")(query)
