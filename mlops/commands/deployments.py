"""`mlops deployments`: the executions of the CodePipelines."""

from typing import Any

from mlops import deployment_progress, output, projects, stacks
from mlops import deployments as executions
from mlops import target as targets
from mlops.options import JsonOption, OptionalName, TargetOption


def deployments(
    name: OptionalName = None, target: TargetOption = targets.Target.local, as_json: JsonOption = False
) -> None:
    """List deployments, newest first: version, stages, who waits for an approval, why one failed."""
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
    if found and found[0]["Status"] == "Failed":
        output.console.print(deployment_progress.failure(found[0]))


def _row(report: dict[str, Any]) -> tuple[Any, ...]:
    stages = report["StageStates"]
    last = f"{stages[-1]['StageName']}: {stages[-1]['Status']}" if stages else ""
    if "WaitsForApproval" in report:
        last = "waits for mlops promote"
    return (
        report["PipelineExecutionId"][:8],
        executions.version(report),
        output.status(report["Status"]),
        output.moment(report["StartTime"]),
        report.get("StatusSummary") or last,
    )
