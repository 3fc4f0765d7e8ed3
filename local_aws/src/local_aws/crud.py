"""Plain create, describe, list and delete, out of a row of a table; and the paging of every list.

A document is the request that created a thing, plus its ARN and times; answers are the documents again, as the
serialiser leaves out what the output shape does not have.
"""

import base64
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from local_aws.errors import AwsError
from local_aws.operations import Aws, Operations, Request, Result

Document = dict[str, Any]

#: The values of SortBy and the members that they mean; "" stands for the name.
SORT_BY: Mapping[str, str] = {"Name": "", "CreationTime": "CreationTime", "LastModifiedTime": "LastModifiedTime"}

#: What a list may be narrowed by: member of the request → member of the document and the comparison.
_FILTERS: Mapping[str, tuple[str, Callable[[Any, Any], bool]]] = {
    "CreationTimeAfter": ("CreationTime", lambda held, wanted: held >= wanted),
    "CreationTimeBefore": ("CreationTime", lambda held, wanted: held <= wanted),
    "CreatedAfter": ("CreationTime", lambda held, wanted: held >= wanted),
    "CreatedBefore": ("CreationTime", lambda held, wanted: held <= wanted),
    "LastModifiedTimeAfter": ("LastModifiedTime", lambda held, wanted: held >= wanted),
    "LastModifiedTimeBefore": ("LastModifiedTime", lambda held, wanted: held <= wanted),
}


def cut(
    items: Iterable[Document],
    position: Callable[[Document], Any],
    token: str | None,
    size: int,
    *,
    descending: bool = False,
) -> tuple[list[Document], str | None]:
    """One page of `items` in the order of `position`, and the token of the next page or None.

    The token names the last item and not its number, so that things made or deleted between two pages neither
    repeat nor hide others. `position` returns JSON values that differ for different items.
    Raises AwsError "ValidationException" when the token was not made here.
    """
    ordered = sorted(items, key=position, reverse=descending)
    if token:
        last = _read_token(token)
        try:
            ordered = [item for item in ordered if (position(item) < last if descending else position(item) > last)]
        except TypeError:
            raise _bad_token() from None
    found = ordered[:size]
    more = len(ordered) > size
    return found, _token(position(found[-1])) if more and found else None


def _token(position: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(position).encode()).decode()


def _read_token(token: str) -> Any:
    try:
        return json.loads(base64.urlsafe_b64decode(token))
    except ValueError:
        raise _bad_token() from None


def _bad_token() -> AwsError:
    return AwsError("ValidationException", "The NextToken of the request was not given out by this list.")


def page(
    items: Iterable[Document],
    request: Request,
    *,
    into: str,
    name: str,
    sort_by: Mapping[str, str] = SORT_BY,
    default: tuple[str, str] = ("CreationTime", "Descending"),
    filters: Mapping[str, str] | None = None,
    size: int = 100,
) -> Document:
    """SageMaker's lists: narrow, order and cut; returns `{into: [...], "NextToken": ...}`.

    name     the member that names an item, for NameContains and for ties
    sort_by  the request's SortBy → the item's member, "" for `name`
    default  SortBy and SortOrder when the request has none
    filters  further members of the request that an item's member must equal, for example
             {"StatusEquals": "ProcessingJobStatus"}

    Times are seconds since 1970; NameContains ignores case, as SageMaker's does.
    """
    wanted = request.get("NameContains", "").lower()
    kept = [item for item in items if wanted in str(item[name]).lower() and _passes(item, request, filters or {})]
    member = sort_by.get(request.get("SortBy", default[0]), "CreationTime") or name
    found, token = cut(
        kept,
        lambda item: [item[member], str(item[name])],
        request.get("NextToken"),
        request.get("MaxResults", size),
        descending=request.get("SortOrder", default[1]) == "Descending",
    )
    return {into: found, "NextToken": token}


def _passes(item: Document, request: Request, equal: Mapping[str, str]) -> bool:
    return all(
        compare(item.get(member, item["CreationTime"]), request[key])
        for key, (member, compare) in _FILTERS.items()
        if request.get(key) is not None
    ) and all(item.get(member) == request[key] for key, member in equal.items() if request.get(key) is not None)


@dataclass(frozen=True)
class Resource:
    """A kind of thing that only has to be remembered.

    kind     where its documents stand in the store, for example "sagemaker:Model"
    name     the member of every request that names one: "ModelName"
    arn      the member of the answers and the resource in the ARN: ("ModelArn", "model/{}")
    create, describe, list, delete   the operations; "" for those that are written by hand
    into     the member of the list's answer: "Models"
    missing  the code when there is none;   exists  the code when there is one already
    noun     what messages call it, where that is not the name of `arn`
    """

    service: str
    kind: str
    name: str
    arn: tuple[str, str]
    create: str = ""
    describe: str = ""
    list: str = ""
    delete: str = ""
    into: str = ""
    missing: str = "ValidationException"
    exists: str = "ValidationException"
    noun: str = ""

    def arn_of(self, aws: Aws, name: str) -> str:
        return aws.arn(self.service, self.arn[1].format(name.lower() if self.service == "sagemaker" else name))

    @property
    def _what(self) -> str:
        return self.noun or self.arn[0].removesuffix("Arn")

    def add(self, aws: Aws, request: Request, **more: Any) -> Document:
        """Remember a new one. Raises AwsError `exists`."""
        key, now = request[self.name], aws.clock.now()
        arn = self.arn_of(aws, key)
        with aws.store.transaction():
            if aws.store.get(self.kind, key):
                raise AwsError(self.exists, f"Cannot create already existing {self._what} {arn}.")
            document = request | {self.arn[0]: arn, "CreationTime": now, "LastModifiedTime": now} | more
            aws.store.put(self.kind, key, document)
        return document

    def get(self, aws: Aws, name: str) -> Document:
        """Raises AwsError `missing`."""
        document = aws.store.get(self.kind, name)
        if document is None:
            raise AwsError(self.missing, f'Could not find {self._what} "{self.arn_of(aws, name)}".')
        return document

    def remove(self, aws: Aws, name: str) -> None:
        """Raises AwsError `missing`."""
        with aws.store.transaction():
            self.get(aws, name)
            aws.store.delete(self.kind, name)

    def page(self, aws: Aws, request: Request) -> Document:
        items = (document for _, document in aws.store.scan(self.kind))
        return page(items, request, into=self.into, name=self.name)

    def register(self, operations: Operations) -> None:
        """Handlers for the operations that the row names."""

        def create(aws: Aws, request: Request) -> Result:
            return {self.arn[0]: self.add(aws, request)[self.arn[0]]}

        def delete(aws: Aws, request: Request) -> Result:
            self.remove(aws, request[self.name])
            return None

        handlers = {
            self.create: create,
            self.describe: lambda aws, request: self.get(aws, request[self.name]),
            self.list: self.page,
            self.delete: delete,
        }
        for operation, handler in handlers.items():
            if operation:
                operations(operation)(handler)
