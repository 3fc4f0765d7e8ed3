"""`mlops rollback`: back to a version that was good."""

from typing import Annotated, Literal, cast

import boto3
import typer

from mlops import deployment_progress, output, projects, promotions
from mlops import target as targets
from mlops.options import JsonOption, NameArgument, NoteOption, StageOption, TargetOption, WaitOption
from model_deploy.promotion import rollback as promotion


def rollback(
    name: NameArgument,
    stage: StageOption,
    to: Annotated[int | None, typer.Option(metavar="VERSION", help="The version; without it the one before.")] = None,
    note: NoteOption = "",
    wait: WaitOption = True,
    target: TargetOption = targets.Target.local,
    as_json: JsonOption = False,
) -> None:
    """Deploy an earlier version again and hold it until the next approval or promotion. Exits 1 if it fails."""
    projects.check_stage(stage)
    targets.reach(target)
    project = projects.find(name)
    promotions.check_stages(project)
    who = str(boto3.client("sts").get_caller_identity()["Arn"])
    where = cast(Literal["staging", "prod"], stage)
    state = promotion.rollback(promotions.connect(project), where, to, who, note or "mlops rollback")
    held = state.hold
    if not as_json:
        output.console.print(f"Version {held} of {name} is held; {stage} goes back to it.")
    identifier = promotions.begun(project, held, promotions.before(state), output.say(quiet=as_json)) if wait else None
    if identifier is None:
        if as_json:
            output.document({"PipelineName": project.pipeline, "HeldVersion": held})
        return
    report = deployment_progress.follow(project.pipeline, identifier, quiet=as_json, approved=stage == "prod")
    if as_json:
        output.document(report | {"HeldVersion": held})
    else:
        deployment_progress.show_end(project, report)
    raise typer.Exit(deployment_progress.exit_code(report))
