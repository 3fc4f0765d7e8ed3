"""Search over SageMaker's things: filters on any property, also nested ones and tags, combined with And and Or.

Source: API_Search, API_SearchExpression and API_Filter of the SageMaker API reference.
"""

import datetime
import operator
from collections.abc import Callable, Iterator
from typing import Any

from local_aws import crud
from local_aws.errors import AwsError, NotSupported
from local_aws.operations import Aws, Operations, Request, Result
from local_aws.pipelines.expressions import as_text

Document = dict[str, Any]

operations = Operations("sagemaker")

#: Resource → where its documents stand, and the member that tells them apart.
RESOURCES = {
    "ModelPackage": ("sagemaker:ModelPackage", "ModelPackageArn"),
    "ModelPackageGroup": ("sagemaker:ModelPackageGroup", "ModelPackageGroupArn"),
    "Pipeline": ("sagemaker:Pipeline", "PipelineArn"),
    "PipelineExecution": ("sagemaker:PipelineExecution", "PipelineExecutionArn"),
    "TrainingJob": ("sagemaker:TrainingJob", "TrainingJobArn"),
}


@operations("Search")
def search(aws: Aws, request: Request) -> Result:
    """Records that fit, the last modified first unless the request says otherwise."""
    resource = request["Resource"]
    if resource not in RESOURCES:
        raise NotSupported(f"Search of {resource}; it searches {', '.join(RESOURCES)}")
    for member in ("CrossAccountFilterOption", "VisibilityConditions"):
        if member in request:
            raise NotSupported(f"{member} of Search")
    kind, identity = RESOURCES[resource]
    expression = request.get("SearchExpression") or {}
    found = [document for _, document in aws.store.scan(kind) if fits(document, expression)]
    sort_by = request.get("SortBy", "LastModifiedTime")
    chosen, token = crud.cut(
        found,
        lambda document: [*_position(document, sort_by), document[identity]],
        request.get("NextToken"),
        request.get("MaxResults", 10),
        descending=request.get("SortOrder", "Descending") == "Descending",
    )
    return {
        "Results": [{resource: _record(resource, document)} for document in chosen],
        "NextToken": token,
        "TotalHits": {"Value": len(found), "Relation": "EqualTo"},
    }


def _record(resource: str, document: Document) -> Document:
    if resource != "PipelineExecution":
        return document
    values = document["Parameters"].items()
    return document | {"PipelineParameters": [{"Name": name, "Value": as_text(value)} for name, value in values]}


def _position(document: Document, path: str) -> list[Any]:
    """Where a document stands in the order of `path`: those without a value first, numbers before texts."""
    value = next(iter(_values(document, path)), None)
    if value is None and path == "LastModifiedTime":
        value = document.get("CreationTime")
    if value is None:
        return [0, ""]
    return [1, float(value)] if isinstance(value, int | float) else [2, str(value)]


def fits(document: Document, expression: Document) -> bool:
    """Whether a document fits a SearchExpression; an empty one fits everything."""
    found = [_filter(document, item) for item in expression.get("Filters") or []]
    found += [_nested(document, item) for item in expression.get("NestedFilters") or []]
    found += [fits(document, item) for item in expression.get("SubExpressions") or []]
    if not found:
        return True
    return any(found) if expression.get("Operator") == "Or" else all(found)


def _nested(document: Document, nested: Document) -> bool:
    """One element of a list must fit all filters; their names begin with the list's."""
    prefix = nested["NestedPropertyName"]
    elements = [item for value in _values(document, prefix, whole=True) for item in _listed(value)]
    filters = [item | {"Name": item["Name"].removeprefix(f"{prefix}.")} for item in nested["Filters"]]
    return any(all(_filter(element, item) for item in filters) for element in elements)


def _filter(document: Document, wanted: Document) -> bool:
    name, kind = wanted["Name"], str(wanted.get("Operator", "Equals"))
    values = list(_values(document, name))
    if kind in ("Exists", "NotExists"):
        return bool(values) == (kind == "Exists")
    if "Value" not in wanted:
        raise AwsError("ValidationException", f"The filter on {name} needs a Value.")
    if kind == "NotEquals":
        return not any(_compare("Equals", value, wanted["Value"]) for value in values)
    text = str(wanted["Value"])
    return any(_compare(kind, value, text) for value in values)


def _compare(kind: str, held: Any, wanted: str) -> bool:
    if kind == "Contains":
        return wanted.lower() in str(held).lower()
    if kind == "In":
        return _as_text(held) in wanted.split(",")
    number = _as_number(wanted) if isinstance(held, int | float) and not isinstance(held, bool) else None
    left, right = (held, number) if number is not None else (_as_text(held), wanted)
    return bool(_COMPARE[kind](left, right))


_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "Equals": operator.eq,
    "GreaterThan": operator.gt,
    "GreaterThanOrEqualTo": operator.ge,
    "LessThan": operator.lt,
    "LessThanOrEqualTo": operator.le,
}


def _as_text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _as_number(text: str) -> float | None:
    """A number, or a moment such as 2026-01-31T12:00:00Z in seconds since 1970."""
    try:
        return float(text)
    except ValueError:
        pass
    try:
        moment = datetime.datetime.fromisoformat(text)
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=datetime.UTC)).timestamp()


def _values(document: Any, path: str, *, whole: bool = False) -> Iterator[Any]:
    """The values at a dotted path; lists are gone through, and `Tags.<key>` is a tag's value.

    whole  lists and objects at the end of the path too
    """
    if isinstance(document, list):
        for item in document:
            yield from _values(item, path, whole=whole)
        return
    if not isinstance(document, dict):
        return
    if path in document:
        yield from _ends(document[path], whole=whole)
        return
    head, _, rest = path.partition(".")
    if head == "Tags" and rest:
        yield from (tag["Value"] for tag in document.get("Tags") or [] if tag["Key"] == rest)
    elif head in document and rest:
        yield from _values(document[head], rest, whole=whole)


def _ends(value: Any, *, whole: bool) -> Iterator[Any]:
    if whole or not isinstance(value, dict | list):
        yield value
    elif isinstance(value, list):
        yield from (item for item in value if not isinstance(item, dict | list))


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
