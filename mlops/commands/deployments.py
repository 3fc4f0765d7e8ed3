"""`mlops deployments`: the executions of the CodePipelines."""

from typing import Any

from mlops import deployment_progress, output, projects, stacks
from mlops import deployments as executions
from mlops import target as targets
from mlops.options import JsonOption, OptionalName, TargetOption


def deployments(
    name: OptionalName = None, target: TargetOption = targets.Target.local, as_json: JsonOption = False
) -> None:
    """List deployments, newest first, why the newest failed; what answers in each stage, and what is next."""
    targets.reach(target)
    names = [name] if name else projects.names(lambda stack: stacks.find(stack) is not None)
    pipelines = {projects.find(each).pipeline: each for each in names}
    listed = [(pipeline, entry) for pipeline in pipelines for entry in executions.executions(pipeline)]
    listed.sort(key=lambda pair: pair[1]["startTime"], reverse=True)
    found = [
        executions.report(pipeline, entry["pipelineExecutionId"]) | {"StartTime": entry["startTime"]}
        for pipeline, entry in listed
    ]
    if as_json:
        output.document(found)
        return
    table = output.table("Model", "Execution", "Version", "Status", "Started", "Stage")
    for report in found:
        table.add_row(pipelines[report["PipelineName"]], *_row(report))
    output.console.print(table if found else "Nothing was deployed yet: `mlops approve NAME` begins.")
    newest = next((report for report in found if not executions.asks(report)), None)
    if newest and newest["Status"] == "Failed":
        output.console.print(deployment_progress.failure(newest))
    for each in pipelines.values():
        deployment_progress.show_standing(projects.find(each))


def _row(report: dict[str, Any]) -> tuple[Any, ...]:
    stages = report["StageStates"]
    last = f"{stages[-1]['StageName']}: {stages[-1]['Status']}" if stages else ""
    if "WaitsForApproval" in report:
        last = "waits for mlops promote"
    answered = next((action for stage in stages for action in stage["ActionStates"] if "UpdatedBy" in action), None)
    if answered:
        last = answer_of(answered, last)
    begun = (report["PipelineExecutionId"][:8],)
    if executions.asks(report):
        said = "a commit: promotion deploys it with the version that should be live"
        return *begun, "", "", output.moment(report["StartTime"]), said
    summary = report.get("StatusSummary")
    return (
        *begun,
        executions.version(report),
        output.status(report["Status"]),
        output.moment(report["StartTime"]),
        f"{last}: {summary}" if summary else last,
    )


def answer_of(approval: dict[str, Any], last: str) -> str:
    """Who answered the approval, and why it was not given; `last` is where the execution is."""
    by = approval["UpdatedBy"].rpartition(":")[2]
    if approval["Status"] == "Succeeded":
        return f"{last}, let in by {by}"
    why = approval.get("Summary") or approval.get("ErrorDetails", {}).get("message")
    return f"not let into production by {by}" + (f": {why}" if why else "")
