"""`mlops approve`: the first approval, and what follows from it."""

import os
from typing import Annotated

import typer

from contract.documents import Document
from mlops import deployment_progress, output, projects, promotions, versions
from mlops import target as targets
from mlops.options import JsonOption, NoteOption, TargetOption, WaitOption
from mlops.projects import Project
from model_deploy.promotion.state import State


def approve(
    name: Annotated[str, typer.Argument(metavar="NAME[:VERSION]", help="The version; the newest without a number.")],
    note: NoteOption = "",
    wait: WaitOption = True,
    target: TargetOption = targets.Target.local,
    as_json: JsonOption = False,
) -> None:
    """Approve a version: it is deployed to staging, proved there, waits for `mlops promote`. Exits 1 if it fails."""
    name, number = versions.split(name)
    targets.reach(target)
    project = projects.find(name)
    package = versions.find(project, number)
    version = package["ModelPackageVersion"]
    say = output.say(quiet=as_json)
    promotions.ready(project, target, os.environ.get("ARTIFACT_BUCKET", ""), say)
    before = promotions.state(project)
    document: Document = {"ModelPackageArn": package["ModelPackageArn"], "ModelApprovalStatus": "Approved"}
    first = ""
    if promotions.under_way(before, package):
        where = "under way" if before.open else "live"
        kept = "; this note was not taken, the first stays" if note else ""
        say(f"Version {version} of {name} is approved already and {where}{kept}.")
    else:
        first = promotions.overtaken(project, version)
        if first:
            say(first)
        versions.decide(package["ModelPackageArn"], "Approved", note)
        say(f"Approved version {version} of {name}" + ("." if first else ": staging follows."))
    if not wait:
        if as_json:
            output.document(document)
        return
    report = _followed(project, version, before, quiet=as_json)
    if as_json:
        output.document(document | ({"Deployment": report} if report else {}))
    elif report:
        deployment_progress.show_end(project, report)
    elif (said := promotions.standing(promotions.state(project), version)) != first:
        output.console.print(said, soft_wrap=True)
    raise typer.Exit(deployment_progress.exit_code(report) if report else 0)


def _followed(project: Project, version: int, before: State, *, quiet: bool) -> Document | None:
    """The report of the version's deployment; of the one after it, where promotion ended the first for a new commit."""
    say, report = output.say(quiet=quiet), None
    identifier = promotions.begun(project, version, before, say)
    while identifier:
        report = deployment_progress.follow(project.pipeline, identifier, quiet=quiet)
        if not deployment_progress.exit_code(report):
            return report
        if identifier := promotions.successor(project, version, identifier):
            say(f"Promotion has begun version {version} anew, with the newest commit.")
    return report
