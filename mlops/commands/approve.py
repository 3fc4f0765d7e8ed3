"""`mlops approve`: the first approval, and what follows from it."""

import os
from typing import Annotated, Any

import typer

from mlops import deployment_progress, output, projects, promotions, versions
from mlops import target as targets
from mlops.options import JsonOption, NoteOption, TargetOption, WaitOption

Document = dict[str, Any]


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
    versions.decide(package["ModelPackageArn"], "Approved", note)
    document: Document = {"ModelPackageArn": package["ModelPackageArn"], "ModelApprovalStatus": "Approved"}
    if not as_json:
        output.console.print(f"Approved version {version} of {name}: staging follows.")
    if not wait:
        if as_json:
            output.document(document)
        return
    identifier = promotions.begun(project, version, before, say)
    report = deployment_progress.follow(project.pipeline, identifier, quiet=as_json) if identifier else None
    if as_json:
        output.document(document | ({"Deployment": report} if report else {}))
    elif report:
        deployment_progress.show_end(name, report)
    else:
        output.console.print(promotions.standing(promotions.state(project), version))
    raise typer.Exit(deployment_progress.exit_code(report) if report else 0)
