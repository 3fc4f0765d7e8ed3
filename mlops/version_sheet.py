"""One version of a model on a sheet: what it is, what was found about it, what it is made of, and why it is live."""

import json
from collections.abc import Iterator
from typing import Any

import boto3
from botocore.exceptions import ClientError
from rich.markup import escape

from contract import package
from contract.documents import Document
from contract.errors import InputError
from mlops import history, output, projects, provenance, runs, standing

#: The hashes in a version's metadata, in words.
HASHES = {package.DATA_HASH: "data", package.CODE_HASH: "code", package.ARTEFACT_HASH: "artefact"}


def read(row: Document) -> Document:
    """The sheet of a version that `mlops models` lists as `row`.

    Beside the row's members: ApprovalDescription, ModelPackageDescription (the gate's verdict in words), RiskRating and
    ModelCard (its content), Hashes, PipelineExecutionArn, Lineage (see `mlops.provenance`), Ledger and Standing (see
    `mlops.history`), and of the pipeline's execution, while there is one, all Metrics on the test split and the
    addresses Report and CardPage; what there is not is left out.
    """
    found = boto3.client("sagemaker").describe_model_package(ModelPackageName=row["ModelPackageArn"])
    metadata = found.get("CustomerMetadataProperties", {})
    card, execution = _card(found), found.get("MetadataProperties", {}).get("GeneratedBy")
    project = projects.find(row["ModelPackageGroupName"]) if projects.deployable(row["ModelPackageGroupName"]) else None
    sheet = row | {
        "ApprovalDescription": found.get("ApprovalDescription"),
        "ModelPackageDescription": found.get("ModelPackageDescription"),
        "RiskRating": card.get("intended_uses", {}).get("risk_rating", "Unknown") if card else None,
        "ModelCard": card,
        "Hashes": {name: metadata[key] for key, name in HASHES.items() if key in metadata},
        "PipelineExecutionArn": execution,
        "Lineage": provenance.chain(row["ModelPackageArn"]),
    }
    if execution:
        sheet |= _judged(execution)
    if project:
        number, status = row["ModelPackageVersion"], row["ModelApprovalStatus"]
        state, told = history.of(project, number)
        sheet |= {"Ledger": told, "Standing": history.why(state, told, number, status)}
    return {name: value for name, value in sheet.items() if value is not None}


def _card(found: Document) -> Document | None:
    content = found.get("ModelCard", {}).get("ModelCardContent")
    return json.loads(content) if content else None


def _judged(execution: str) -> Document:
    try:
        evaluated = runs.evaluation(runs.steps(execution))
    except ClientError as error:
        if error.response["Error"]["Code"] not in ("ResourceNotFound", "ValidationException"):
            raise
        return {}  # AWS keeps a version for longer than its execution
    if evaluated is None:
        return {}
    folder, gate = evaluated[0].rstrip("/"), evaluated[1]
    pages = {"Report": f"{folder}/{package.REPORT}", "CardPage": f"{folder}/{package.CARD_PAGE}"}
    return {"Metrics": runs.defined(gate), **pages}


def show(sheet: Document) -> None:
    """The sheet for a person."""
    output.console.print(f"[bold]{sheet['ModelPackageGroupName']} version {sheet['ModelPackageVersion']}[/]")
    facts = output.table("", "")
    facts.show_header = False
    for name, value in _facts(sheet):
        facts.add_row(name, value)
    output.console.print(facts)
    if sheet["Lineage"]:
        made = output.table("Made by", "What")
        for name, source, result in provenance.lines(sheet["Lineage"]):
            made.add_row(escape(name), escape(" → ".join(filter(None, (source, result)))))
        output.console.print("\n[bold]From the data to the version[/]", made, sep="\n")
    if sheet.get("Ledger"):
        told = output.table("When", "What")
        for entry in sheet["Ledger"]:
            told.add_row(output.moment(entry["At"]), escape(_told(entry)))
        output.console.print("\n[bold]From the version to where it stands[/]", told, sep="\n")


def _facts(sheet: Document) -> Iterator[tuple[str, Any]]:
    yield "Status", output.status(sheet["ModelApprovalStatus"])
    if note := sheet.get("ApprovalDescription"):
        yield "Note", escape(note)
    yield "Stands in", standing.words(sheet) or "no stage"
    if why := sheet.get("Standing"):
        yield "Why", escape(why)
    if verdict := sheet.get("ModelPackageDescription"):
        yield "Verdict", escape(verdict)
    if training := sheet.get("ModelCard", {}).get("training_details", {}).get("training_observations"):
        yield "Training", escape(training)
    yield "Metrics", "  ".join(f"{name} {value:.4g}" for name, value in sheet["Metrics"].items())
    if rating := sheet.get("RiskRating"):
        yield "Risk", rating
    for name, value in sheet["Hashes"].items():
        yield f"SHA-256 of {name}", value
    if execution := sheet.get("PipelineExecutionArn"):
        yield "Execution", execution.rpartition("/")[2]
    for member, name in (("Report", "Report"), ("CardPage", "Card")):
        if address := sheet.get(member):
            yield name, escape(address)


def _told(entry: Document) -> str:
    parts = [entry["Said"]]
    for member, words in (("By", "by {}"), ("Note", "“{}”"), ("Execution", "execution {}")):
        if value := entry.get(member):
            parts.append(words.format(value))
    parts += [f"{name}: {address}" for name, address in entry.get("Proof", {}).items()]
    return ", ".join(parts)


def choose(rows: list[Document], group: str, number: int) -> Document:
    """The row of a version. Raises InputError when there is none."""
    for row in rows:
        if row["ModelPackageVersion"] == number:
            return row
    listed = ", ".join(str(number) for number in sorted(row["ModelPackageVersion"] for row in rows))
    raise InputError(f"{group!r} has no version {number}; it has {listed or 'none yet'}.")
