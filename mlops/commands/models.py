"""`mlops models`: the versions in the registry."""

from typing import Annotated, Any

import boto3
import typer

from contract import package
from contract.documents import Document
from contract.errors import InputError
from contract.findings import UNDEFINED
from mlops import output, projects, standing, version_sheet
from mlops import target as targets
from mlops.options import JsonOption, OptionalName, TargetOption
from mlops.standing import Standing

_COLUMNS = ("Model", "Version", "Status", "Created", "Stages", "Metrics")

#: Columns of the terminal from which all of the table has its place.
WIDE = 120


VersionOption = Annotated[
    int | None,
    typer.Option(
        "--version", min=1, help="One version: verdict, card, its chain from the data, and why it is live or not."
    ),
]


def models(
    name: OptionalName = None,
    version: VersionOption = None,
    target: TargetOption = targets.Target.local,
    as_json: JsonOption = False,
) -> None:
    """List model versions, newest first: approval status, metrics on the test split, what stands where."""
    if version is not None and name is None:
        raise InputError("--version needs the model's name, as in mlops models credit --version 3.")
    targets.connect(target)
    if name and version is not None:
        sheet = version_sheet.read(version_sheet.choose(versions(name), name, version))
        output.document(sheet) if as_json else version_sheet.show(sheet)
        return
    found = [one for group in _groups(name) for one in versions(group)]
    if as_json:
        output.document(found)
        return
    narrow = output.console.width < WIDE
    columns = ("Model", "Version", "Status", "Stages") if narrow else _COLUMNS
    table = output.table(*columns)
    for one in found:
        row = dict(zip(_COLUMNS, _row(one), strict=True))
        table.add_row(*(row[column] for column in columns))
    output.console.print(table if found else "No model is registered yet: `mlops run NAME` builds one.")
    if found and narrow:
        output.console.print("mlops models NAME --version N shows the metrics; so does a wider window.", style="dim")


def _groups(name: str | None) -> list[str]:
    if name:
        return [name]
    pages = boto3.client("sagemaker").get_paginator("list_model_package_groups").paginate()
    return sorted(entry["ModelPackageGroupName"] for page in pages for entry in page["ModelPackageGroupSummaryList"])


def versions(group: str) -> list[Document]:
    """The versions of a group, newest first, in AWS's words. Raises InputError when there is no such group."""
    client = boto3.client("sagemaker")
    try:  # the listing of a group that is not there would be empty
        client.describe_model_package_group(ModelPackageGroupName=group)
    except client.exceptions.ClientError as error:
        if error.response["Error"]["Code"] not in ("ValidationException", "ResourceNotFound"):
            raise
        raise InputError(f"No model {group!r} is registered: `mlops models` lists what is.") from None
    pages = client.get_paginator("list_model_packages").paginate(
        ModelPackageGroupName=group, SortBy="CreationTime", SortOrder="Descending"
    )
    arns = [entry["ModelPackageArn"] for page in pages for entry in page["ModelPackageSummaryList"]]
    held = standing.of(projects.find(group)) if arns and projects.deployable(group) else []
    return [_version(client.describe_model_package(ModelPackageName=arn), held) for arn in arns]


def _version(found: Document, held: list[Standing]) -> Document:
    """`Stages`: those in which it answers in every mode; `Modes`: stage → those in which it answers."""
    arn = found["ModelPackageArn"]
    answers = {one.stage: modes for one in held if one.settled and (modes := one.answers(arn))}
    metadata = found.get("CustomerMetadataProperties", {})
    return {
        "ModelPackageGroupName": found["ModelPackageGroupName"],
        "ModelPackageVersion": found["ModelPackageVersion"],
        "ModelPackageArn": found["ModelPackageArn"],
        "ModelApprovalStatus": found["ModelApprovalStatus"],
        "CreationTime": found["CreationTime"],
        "Metrics": {
            key.removeprefix(package.METRIC_PREFIX): float(value)
            for key, value in metadata.items()
            if key.startswith(package.METRIC_PREFIX) and value != UNDEFINED
        },
        "Stages": [one.stage for one in held if one.whole and one.meant == arn],
        "Modes": answers,
    }


def _row(version: Document) -> tuple[Any, ...]:
    metrics = "  ".join(f"{name} {value:.4g}" for name, value in version["Metrics"].items())
    return (
        version["ModelPackageGroupName"],
        str(version["ModelPackageVersion"]),
        output.status(version["ModelApprovalStatus"]),
        output.moment(version["CreationTime"]),
        standing.words(version),
        metrics,
    )
