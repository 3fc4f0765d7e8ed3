"""Model cards and their versions: each change of the content is a new one, a change of the status is none.

Source: API_CreateModelCard, API_UpdateModelCard, API_DescribeModelCard, API_ListModelCardVersions.
"""

from typing import Any

from local_aws import crud
from local_aws.cards import content
from local_aws.errors import AwsError, NotSupported
from local_aws.operations import Aws, Operations, Request, Result

Document = dict[str, Any]

#: Name → the newest version's document.
KIND = "sagemaker:ModelCard"
#: Name/number → each version's.
VERSIONS = "sagemaker:ModelCardVersion"

operations = Operations("sagemaker")


def _name(name_or_arn: str) -> str:
    return name_or_arn.rpartition("/")[2]


def _get(aws: Aws, name_or_arn: str) -> Document:
    """The newest version. Raises AwsError "ResourceNotFound"."""
    document = aws.store.get(KIND, _name(name_or_arn))
    if document is None:
        raise AwsError("ResourceNotFound", f"Model card {_name(name_or_arn)} does not exist.")
    return document


def _put(aws: Aws, card: Document) -> None:
    name = card["ModelCardName"]
    aws.store.put(KIND, name, card)
    aws.store.put(VERSIONS, f"{name}/{card['ModelCardVersion']}", card)


def _by(aws: Aws) -> Document:
    """The machine's one identity."""
    return {"IamIdentity": {"Arn": f"arn:aws:iam::{aws.account}:user/local", "PrincipalId": aws.account}}


@operations("CreateModelCard")
def create(aws: Aws, request: Request) -> Result:
    name, now = request["ModelCardName"], aws.clock.now()
    content.require(request["Content"], content.CARD, "Content")
    with aws.store.transaction():
        if aws.store.get(KIND, name):
            raise AwsError("ConflictException", f"Modelcard with name {name} already exists.")
        arn = aws.arn("sagemaker", f"model-card/{name}")
        times = {"CreationTime": now, "LastModifiedTime": now, "CreatedBy": _by(aws), "LastModifiedBy": _by(aws)}
        _put(aws, request | times | {"ModelCardArn": arn, "ModelCardVersion": 1})
    return {"ModelCardArn": arn}


@operations("UpdateModelCard")
def update(aws: Aws, request: Request) -> Result:
    """Content or status, never both in one call."""
    if ("Content" in request) == ("ModelCardStatus" in request):
        raise AwsError("ValidationException", "Either Content or ModelCardStatus is needed, and not both.")
    if "Content" in request:
        content.require(request["Content"], content.CARD, "Content")
    with aws.store.transaction():
        card = _get(aws, request["ModelCardName"])
        changed = {name: request[name] for name in ("Content", "ModelCardStatus") if name in request}
        number = card["ModelCardVersion"] + ("Content" in request)
        card |= changed | {"ModelCardVersion": number}
        _put(aws, card | {"LastModifiedTime": aws.clock.now(), "LastModifiedBy": _by(aws)})
    return {"ModelCardArn": card["ModelCardArn"]}


@operations("DescribeModelCard")
def describe(aws: Aws, request: Request) -> Result:
    if request.get("IncludedData", "AllData") != "AllData":
        raise NotSupported("IncludedData MetadataOnly of DescribeModelCard")
    card = _get(aws, request["ModelCardName"])
    number = request.get("ModelCardVersion", card["ModelCardVersion"])
    found = aws.store.get(VERSIONS, f"{card['ModelCardName']}/{number}")
    if found is None:
        raise AwsError("ResourceNotFound", f"Model card {card['ModelCardName']} has no version {number}.")
    return found


@operations("ListModelCards")
def list_cards(aws: Aws, request: Request) -> Result:
    cards = (card for _, card in aws.store.scan(KIND))
    status = {"ModelCardStatus": "ModelCardStatus"}
    return crud.page(cards, request, into="ModelCardSummaries", name="ModelCardName", filters=status)


@operations("ListModelCardVersions")
def list_versions(aws: Aws, request: Request) -> Result:
    name = _get(aws, request["ModelCardName"])["ModelCardName"]
    versions = (card for _, card in aws.store.scan(VERSIONS, f"{name}/"))
    return crud.page(
        versions,
        request,
        into="ModelCardVersionSummaryList",
        name="ModelCardName",
        sort_by={"Version": "ModelCardVersion"},
        default=("Version", "Descending"),
        filters={"ModelCardStatus": "ModelCardStatus"},
    )


@operations("DeleteModelCard")
def delete(aws: Aws, request: Request) -> Result:
    with aws.store.transaction():
        name = _get(aws, request["ModelCardName"])["ModelCardName"]
        aws.store.delete(KIND, name)
        for key, _ in aws.store.scan(VERSIONS, f"{name}/"):
            aws.store.delete(VERSIONS, key)
    return None
