"""`mlops promote`: the second approval."""

import typer

from contract.errors import InputError
from mlops import deployment_progress, output, projects, promotions
from mlops import deployments as executions
from mlops import target as targets
from mlops.options import JsonOption, NameArgument, NoteOption, TargetOption, WaitOption


def promote(
    name: NameArgument,
    note: NoteOption = "",
    wait: WaitOption = True,
    target: TargetOption = targets.Target.local,
    as_json: JsonOption = False,
) -> None:
    """Let the version that waits into production, and follow it there. Exits 1 if it fails."""
    targets.reach(target)
    project = projects.find(name)
    pipeline = project.pipeline
    listed = executions.executions(pipeline)
    promotions.check_stages(project)
    approval = executions.waiting(pipeline)
    if approval is None:
        under_way = any(entry["status"] == "InProgress" for entry in listed)
        why = "a deployment is under way and does not wait yet" if under_way else f"mlops approve {name} begins"
        raise InputError(f"No deployment of {name} waits for an approval: {why}.")
    identifier = approval["PipelineExecutionId"]
    report = executions.report(pipeline, identifier)
    executions.answer(pipeline, approval, note or "mlops promote")
    if not as_json:
        output.console.print(f"Version {executions.version(report)} of {name} goes to production.")
    if wait:
        report = deployment_progress.follow(pipeline, identifier, quiet=as_json, approved=True)
    if as_json:
        output.document(report)
    elif wait:
        deployment_progress.show_end(project, report)
    raise typer.Exit(deployment_progress.exit_code(report) if wait else 0)
